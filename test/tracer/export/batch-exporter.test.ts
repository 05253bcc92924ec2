import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { PortcullisError } from '../../../src/model/error.ts'
import { connectAgent } from '../../../src/tracer/agent-connection.ts'
import { createBatchExporter, type ExportLimits } from '../../../src/tracer/export/batch-exporter.ts'
import { datadogFormat } from '../../../src/tracer/export/datadog-format.ts'
import type { Exporter } from '../../../src/tracer/export/exporter.ts'
import { otlpFormat } from '../../../src/tracer/export/otlp-format.ts'
import type { WireFormat } from '../../../src/tracer/export/wire-format.ts'
import { eventually } from '../../support/eventually.ts'
import { healthy, startFakeAgent, type Answer, type FakeAgent } from '../../support/fake-agent.ts'
import { systemClock } from '../../support/system-clock.ts'
import { finished } from './span-fixture.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Short times, so that retries happen while the test looks on. */
const quick: Partial<ExportLimits> = { batchDelayMs: 20, securityDelayMs: 5, timeoutMs: 200 }

function exporterTo(
  url: string,
  limits: Partial<ExportLimits> = {},
  format: WireFormat = datadogFormat({ tracerVersion: '1.2.3', nodeVersion: process.version }),
): { exporter: Exporter; warnings: PortcullisError[] } {
  const warnings: PortcullisError[] = []
  const exporter = createBatchExporter({
    connection: connectAgent(url, systemClock),
    format,
    clock: systemClock,
    warn: (problem) => warnings.push(problem),
    random: () => 0,
    limits: { ...quick, ...limits },
  })
  cleanups.push(() => exporter.stop(0))
  return { exporter, warnings }
}

async function agentOf(options: Parameters<typeof startFakeAgent>[0] = {}): Promise<FakeAgent> {
  const agent = await startFakeAgent(options)
  cleanups.push(() => agent.close())
  return agent
}

test('spans arrive in one batch, with the headers an agent expects', async () => {
  const agent = await agentOf()
  const { exporter } = exporterTo(agent.url)
  for (let id = 1; id <= 3; id += 1)
    exporter.export(finished({ spanId: String(id).padStart(16, '0') }), { security: false })
  await eventually(() => exporter.stats.sent === 3, { says: 'three spans sent' })
  expect(agent.spans.map((one) => one.span_id)).toEqual([1n, 2n, 3n])
  expect(agent.received).toHaveLength(1)
  expect(agent.received[0]).toMatchObject({
    method: 'PUT',
    path: '/v0.4/traces',
    headers: {
      'content-type': 'application/msgpack',
      'x-datadog-trace-count': '3',
      'datadog-meta-lang': 'nodejs',
      'datadog-meta-lang-version': process.version,
      'datadog-meta-tracer-version': '1.2.3',
    },
  })
})

test('spans that are not encoded yet are counted, sent when there are enough, and by a flush', async () => {
  const agent = await agentOf()
  const { exporter } = exporterTo(agent.url, { batchDelayMs: 1_000_000, encodedAtOnce: 3, maxBatchSpans: 3 })
  for (let n = 0; n < 5; n += 1) exporter.export(finished({ resource: `span ${n}` }), { security: false })
  expect(exporter.stats).toMatchObject({ accepted: 5, queued: 5 })
  await eventually(() => exporter.stats.sent === 3, { says: 'a batch of what was encoded' })
  await exporter.flush(5000)
  expect(agent.spans.map(({ resource }) => resource)).toEqual(['span 0', 'span 1', 'span 2', 'span 3', 'span 4'])
  expect(exporter.stats).toMatchObject({ sent: 5, queued: 0 })
})

test('a security event does not wait for the batch', async () => {
  const agent = await agentOf()
  const { exporter } = exporterTo(agent.url, { batchDelayMs: 1_000_000 })
  exporter.export(finished(), { security: false })
  exporter.export(finished(), { security: true })
  await eventually(() => exporter.stats.sent === 2, { says: 'both sent' })
})

test('a security event overtakes a slow batch, with one more request at most', async () => {
  const agent = await agentOf()
  const waiting: (() => void)[] = []
  let most = 0
  agent.answer = (...exchange) => {
    waiting.push(() => healthy(...exchange))
    most = Math.max(most, waiting.length)
  }
  const { exporter } = exporterTo(agent.url, { timeoutMs: 60_000 })
  exporter.export(finished({ resource: 'slow' }), { security: false })
  await eventually(() => agent.received.length === 1, { says: 'the slow batch' })
  exporter.export(finished({ resource: 'ordinary' }), { security: false })
  exporter.export(finished({ resource: 'login' }), { security: true })
  await eventually(() => agent.received.length === 2, { says: 'the login' })
  expect(agent.spans.map(({ resource }) => resource)).toEqual(['slow', 'login'])
  exporter.export(finished({ resource: 'another login' }), { security: true })
  const flushed = exporter.flush(20_000)
  expect(exporter.stats).toMatchObject({ accepted: 4, sent: 0, queued: 4 })
  agent.answer = healthy
  for (const answer of waiting) answer()
  await flushed
  expect(exporter.stats).toMatchObject({ sent: 4, queued: 0 })
  expect(most).toBe(2)
  expect(agent.spans.map(({ resource }) => resource).toSorted()).toEqual(['another login', 'login', 'ordinary', 'slow'])
})

test('a security event that overtook and failed is sent again', async () => {
  const agent = await agentOf()
  let release: (() => void) | undefined
  agent.answer = (...exchange) => {
    if (agent.received.length === 1) release = () => healthy(...exchange)
    else exchange[1].writeHead(503).end()
  }
  const { exporter } = exporterTo(agent.url, { timeoutMs: 60_000 })
  exporter.export(finished({ resource: 'slow' }), { security: false })
  await eventually(() => agent.received.length === 1, { says: 'the slow batch' })
  exporter.export(finished({ resource: 'login' }), { security: true })
  await eventually(() => agent.received.length >= 2, { says: 'the login' })
  agent.answer = healthy
  release?.()
  await eventually(() => exporter.stats.sent === 2, { says: 'both sent' })
  expect(exporter.stats).toMatchObject({ queued: 0, dropped: { queue_full: 0, refused: 0, expired: 0 } })
})

const partial: { readonly says: string; readonly reply: string; readonly rejected: number }[] = [
  { says: 'an empty document', reply: '{}', rejected: 0 },
  { says: 'a number as text', reply: '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}', rejected: 2 },
  { says: 'a number', reply: '{"partialSuccess":{"rejectedSpans":1}}', rejected: 1 },
  { says: 'a warning only', reply: '{"partialSuccess":{"errorMessage":"slow down"}}', rejected: 0 },
  { says: 'more than were sent', reply: '{"partialSuccess":{"rejectedSpans":"99"}}', rejected: 3 },
  { says: 'less than none', reply: '{"partialSuccess":{"rejectedSpans":"-1"}}', rejected: 0 },
  { says: 'null', reply: 'null', rejected: 0 },
  { says: 'no JSON', reply: '<ok/>', rejected: 0 },
]

test.each(partial)('of an OTLP reply with $says, $rejected of 3 spans are counted as refused', async (one) => {
  const agent = await agentOf()
  agent.answer = (_request, response) => response.writeHead(200).end(one.reply)
  const format = otlpFormat(
    { service: 'shop', env: '', version: '', tracerVersion: '1' },
    { path: '/v1/traces', headers: {} },
  )
  const { exporter, warnings } = exporterTo(agent.url, {}, format)
  for (let n = 0; n < 3; n += 1) exporter.export(finished(), { security: false })
  await exporter.flush(5000)
  expect(agent.received).toHaveLength(1)
  expect(exporter.stats).toMatchObject({ sent: 3 - one.rejected, queued: 0, dropped: { refused: one.rejected } })
  expect(warnings.map(({ code }) => code)).toEqual(one.rejected > 0 ? ['SPANS_DROPPED'] : [])
})

test('every partial success ran', () => expect(partial).toHaveLength(8))

test('a full batch does not wait either, by number or by bytes', async () => {
  const agent = await agentOf()
  const limits = { batchDelayMs: 1_000_000, encodedAtOnce: 1 }
  const byNumber = exporterTo(agent.url, { ...limits, maxBatchSpans: 2 }).exporter
  const byBytes = exporterTo(agent.url, { ...limits, maxBatchBytes: 700 }).exporter
  for (const exporter of [byNumber, byBytes])
    for (let n = 0; n < 4; n += 1) exporter.export(finished(), { security: false })
  await eventually(() => byNumber.stats.sent === 4 && byBytes.stats.sent >= 2, { says: 'full batches sent' })
  const counts = agent.received.map(({ headers }) => Number(headers['x-datadog-trace-count']))
  expect(Math.max(...counts)).toBe(2)
})

test('a unix socket and a base path work', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const agent = await agentOf({ socketPath: join(directory, 'agent.sock') })
  const overSocket = exporterTo(agent.url).exporter
  overSocket.export(finished(), { security: true })
  await overSocket.flush(5000)
  expect(agent.spans).toHaveLength(1)
  const overTcp = await agentOf()
  const prefixed = exporterTo(`${overTcp.url}/intake/`).exporter
  prefixed.export(finished(), { security: true })
  await prefixed.flush(5000)
  expect(overTcp.received[0]?.path).toBe('/intake/v0.4/traces')
})

const misbehaviours: { readonly says: string; readonly answer: Answer; readonly why: RegExp }[] = [
  {
    says: 'closes before it answers',
    answer: (_request, _response, socket) => socket.destroy(),
    why: /hang up|ECONNRESET/,
  },
  {
    says: 'closes in the middle of its answer',
    answer: (_request, response, socket) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"rate')
      setImmediate(() => socket.destroy())
    },
    why: /aborted|ECONNRESET/,
  },
  { says: 'hangs', answer: () => {}, why: /no answer within 200 ms/ },
  {
    says: 'answers garbage',
    answer: (_request, _response, socket) => socket.end('\u0000\u0001 what is this \r\n\r\n'),
    why: /Parse Error|HTTP/,
  },
  {
    says: 'never ends its answer',
    answer: (_request, response) => endless(response),
    why: /larger than|no answer/,
  },
  { says: 'is full', answer: (_request, response) => response.writeHead(503).end(), why: /503/ },
  { says: 'breaks', answer: (_request, response) => response.writeHead(500).end('oops'), why: /500/ },
  {
    says: 'asks for patience',
    answer: (_request, response) => response.writeHead(429, { 'retry-after': '0' }).end(),
    why: /429/,
  },
  {
    says: 'gave up waiting for the request',
    answer: (_request, response) => response.writeHead(408).end(),
    why: /408/,
  },
]

function endless(response: Parameters<Answer>[1]): void {
  const more = (): void => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

test.each(misbehaviours)('an agent that $says gets the spans once it is well again', async ({ answer, why }) => {
  const agent = await agentOf()
  agent.answer = answer
  const { exporter, warnings } = exporterTo(agent.url)
  exporter.export(finished({ spanId: '0000000000000001' }), { security: true })
  await eventually(() => warnings.length > 0, { says: 'a warning' })
  expect(warnings[0]?.code).toBe('EXPORT_FAILED')
  expect(warnings[0]?.message).toMatch(why)
  exporter.export(finished({ spanId: '0000000000000002' }), { security: false })
  const before = agent.received.length
  agent.answer = healthy
  await eventually(() => exporter.stats.sent === 2, { says: 'both spans sent' })
  expect(agent.received.length).toBeGreaterThan(before)
  expect(exporter.stats).toEqual({
    accepted: 2,
    sent: 2,
    queued: 0,
    dropped: { queue_full: 0, refused: 0, expired: 0 },
  })
  expect(warnings).toHaveLength(1)
})

test('every misbehaviour ran', () => expect(misbehaviours).toHaveLength(9))

test('an agent that is down gets the spans once it is up', async () => {
  const first = await startFakeAgent()
  await first.close()
  const { exporter, warnings } = exporterTo(first.url)
  exporter.export(finished(), { security: true })
  await eventually(() => warnings.length > 0, { says: 'a warning' })
  const agent = await agentOf({ port: first.port })
  await eventually(() => exporter.stats.sent === 1, { says: 'the span sent' })
  expect(agent.spans).toHaveLength(1)
})

test('an idle connection that the agent closed costs nothing', async () => {
  const agent = await agentOf()
  const { exporter, warnings } = exporterTo(agent.url)
  agent.answer = (request, response, socket) => {
    healthy(request, response, socket)
    response.on('finish', () => socket.end())
  }
  for (let n = 1; n <= 5; n += 1) {
    exporter.export(finished(), { security: true })
    await exporter.flush(5000)
  }
  expect(exporter.stats.sent).toBe(5)
  expect(warnings).toEqual([])
})

test('spans arrive whole while batches fail, are refused and go through', async () => {
  const agent = await agentOf()
  let asked = 0
  agent.answer = (request, response, body) => {
    asked += 1
    if (asked % 4 === 1) response.writeHead(503).end()
    else if (asked % 4 === 2) response.writeHead(400).end()
    else healthy(request, response, body)
  }
  const { exporter } = exporterTo(agent.url, { maxBatchSpans: 8, encodedAtOnce: 2 })
  const fillerOf = (name: string): string => name.padEnd(20_000, name)
  for (let n = 0; n < 80; n++) {
    const name = `span ${n}.`
    exporter.export(finished({ resource: name, meta: { filler: fillerOf(name) } }), { security: n % 5 === 0 })
    if (n % 20 === 0) await eventually(() => exporter.stats.queued < 100, { says: 'some of them gone' })
  }
  await exporter.flush(20_000)
  const { sent, dropped } = exporter.stats
  expect(sent + dropped.refused).toBe(80)
  expect(dropped.refused).toBeGreaterThan(0)
  for (const { resource, meta } of agent.spans) expect(meta['filler']).toBe(fillerOf(resource))
})

test('what an agent refuses is given up, counted and told', async () => {
  const agent = await agentOf()
  agent.answer = (_request, response) => response.writeHead(400).end()
  const { exporter, warnings } = exporterTo(agent.url)
  exporter.export(finished(), { security: true })
  await eventually(() => exporter.stats.dropped.refused === 1, { says: 'the refusal counted' })
  expect(warnings.map(({ code }) => code)).toEqual(['EXPORT_FAILED', 'SPANS_DROPPED'])
  agent.answer = healthy
  exporter.export(finished(), { security: true })
  await eventually(() => exporter.stats.sent === 1, { says: 'the next span sent' })
  expect(agent.spans.at(-1)?.metrics['portcullis.spans.dropped']).toBe(1)
})

test('a batch the agent always fails on does not hold up those behind it for ever', async () => {
  const agent = await agentOf()
  agent.answer = (_request, response) => response.writeHead(500).end()
  const { exporter } = exporterTo(agent.url, { maxFailuresOfBatch: 2, maxBatchSpans: 1 })
  exporter.export(finished(), { security: true })
  await eventually(() => exporter.stats.dropped.refused === 1, { says: 'the batch given up' })
  expect(agent.received).toHaveLength(2)
})

test('while the agent is down memory is bounded, security events are kept, and drops are counted and reported', async () => {
  const agent = await agentOf()
  agent.answer = (_request, response) => response.writeHead(503).end()
  const { exporter } = exporterTo(agent.url, { maxQueuedSpans: 100, maxBatchSpans: 30 })
  for (let n = 0; n < 1000; n += 1) exporter.export(finished({ resource: `GET /${n}` }), { security: n % 20 === 0 })
  await eventually(() => agent.received.length > 0, { says: 'a first try' })
  for (let n = 1000; n < 1500; n += 1) exporter.export(finished({ resource: `GET /${n}` }), { security: false })
  // What is queued, the batch under way, and one that overtakes it.
  expect(exporter.stats.queued).toBeLessThanOrEqual(160)
  const failed = agent.spans.length
  agent.answer = healthy
  await exporter.flush(10_000)
  const { accepted, sent, queued, dropped } = exporter.stats
  expect({ accepted, queued, all: sent + dropped.queue_full }).toEqual({ accepted: 1500, queued: 0, all: 1500 })
  const arrived = agent.spans.slice(failed)
  expect(arrived).toHaveLength(sent)
  expect(
    arrived.filter(({ resource }) => Number(resource.slice(5)) % 20 === 0 && Number(resource.slice(5)) < 1000),
  ).toHaveLength(50)
  exporter.export(finished(), { security: true })
  await exporter.flush(5000)
  const told = agent.spans.slice(failed).map(({ metrics }) => metrics['portcullis.spans.dropped'] ?? 0)
  expect(told.reduce((sum, count) => sum + count, 0)).toBe(dropped.queue_full)
})

test('a span larger than the bound, and one older than the bound, are given up', async () => {
  const agent = await agentOf()
  agent.answer = (_request, response) => response.writeHead(503).end()
  const { exporter } = exporterTo(agent.url, { maxSpanBytes: 5000, maxAgeMs: 1 })
  exporter.export(finished({ meta: { big: 'x'.repeat(6000) } }), { security: true })
  expect(exporter.stats.dropped.refused).toBe(1)
  exporter.export(finished(), { security: true })
  await eventually(() => exporter.stats.dropped.expired === 1, { says: 'the old span given up' })
})

test('flush and stop are bounded while the agent hangs, and what is left is counted', async () => {
  const agent = await agentOf()
  agent.answer = () => {}
  const { exporter } = exporterTo(agent.url, { timeoutMs: 60_000 })
  exporter.export(finished(), { security: true })
  await exporter.flush(20)
  expect(exporter.stats.queued).toBe(1)
  await exporter.stop(20)
  await eventually(() => exporter.stats.dropped.expired === 1, { says: 'the rest counted' })
  exporter.export(finished(), { security: true })
  expect(exporter.stats).toMatchObject({ accepted: 1, queued: 0 })
})
