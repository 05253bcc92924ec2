import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Tracer } from '../../../src/index.ts'
import { start } from '../../../src/tracer/start.ts'
import { eventually } from '../../support/eventually.ts'
import { healthy, startFakeAgent, type FakeAgent, type WireSpan } from '../../support/fake-agent.ts'
import { configServer, putAndAwait } from '../../tracer/remote-config/config-server.ts'
import { openApp } from './app.ts'
import { writeCaseFiles, type CaseFiles } from './case-files.ts'
import { expectSeen } from './expect-seen.ts'
import { send } from './send.ts'
import { remoteCases, type RemoteCase } from './remote-cases.ts'

// The same app as in over-http.test.ts, on the default rules, told by remote configuration what to do.
let files: CaseFiles
beforeAll(() => {
  files = writeCaseFiles()
})
afterAll(() => files.remove())

let agent: FakeAgent
let config: ReturnType<typeof configServer>
let tracer: Tracer | undefined
let app: { readonly url: string; close(): Promise<void> } | undefined
beforeEach(async () => {
  agent = await startFakeAgent()
  config = configServer({ holds: true })
  agent.answer = (request, response, socket) =>
    (request.path === '/v0.7/config' ? config.answer : healthy)(request, response, socket)
})
afterEach(async () => {
  await app?.close()
  await tracer?.stop()
  await agent.close()
})

/** Puts one configuration a product in force; resolves when the tracer has told what became of each. */
async function put(configs: RemoteCase['configs'], refused: RemoteCase['refused'] = {}): Promise<void> {
  const contents = Object.entries(configs).map(([of, content]) => [
    `datadog/2/${of}/${of.toLowerCase()}/config`,
    JSON.stringify(content),
  ])
  const states = await putAndAwait(Object.fromEntries(contents), { agent, config })
  expect(states.map(({ product, apply_state: state }) => [product, state]).toSorted()).toEqual(
    Object.keys(configs)
      .map((product) => [product, refused[product] === undefined ? 2 : 3])
      .toSorted(),
  )
  for (const { product, apply_error: why } of states) expect(why).toMatch(refused[product] ?? /^$/)
}

test.each(remoteCases)('$says', async (one) => {
  const filled = files.fill(one.environment, agent.port)
  const environment = { DD_TRACE_AGENT_URL: agent.url, DD_APPSEC_ENABLED: 'true', ...filled }
  tracer = start({ logger: { warn: () => {} } }, { environment })
  app = await openApp(tracer)
  if (one.before !== undefined) await put(one.before)
  await put(one.configs, one.refused)
  const response = await send(app.url, one)
  const reply = await response.text()
  await tracer.flush()
  const find = (): WireSpan | undefined => agent.spans[0]
  expectSeen(one, { response, reply, span: await eventually(find, { says: 'the span' }) })
})

test('every case ran', () => expect(remoteCases.length).toBeGreaterThanOrEqual(50))
