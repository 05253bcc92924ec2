import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { doctorCommand } from '../../src/cli/doctor.ts'
import { startFakeAgent, type FakeAgent } from '../support/fake-agent.ts'

interface Finding {
  readonly level: string
  readonly about: string
  readonly says: string
}

const cleanups: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  vi.unstubAllEnvs()
})

async function agentOf(endpoints: readonly string[] = ['/v0.4/traces', '/v0.7/config']): Promise<FakeAgent> {
  const agent = await startFakeAgent()
  cleanups.push(() => agent.close())
  agent.answer = (request, response) => {
    if (request.path === '/info') response.end(JSON.stringify({ version: '7.70.0', endpoints }))
    else response.writeHead(404).end()
  }
  return agent
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string; findings: Finding[] }> {
  const lines = { out: [] as string[], err: [] as string[] }
  const io = { out: (text: string) => void lines.out.push(text), err: (text: string) => void lines.err.push(text) }
  const code = await doctorCommand(args, io)
  const out = lines.out.join('\n')
  const json = args.includes('--json') ? (JSON.parse(out) as { findings: Finding[] }) : { findings: [] }
  return { code, out, err: lines.err.join('\n'), findings: json.findings }
}

function about(findings: readonly Finding[], name: string): Finding[] {
  return findings.filter((finding) => finding.about === name)
}

test('a healthy service has its settings with their origins, and exit code 0', async () => {
  const agent = await agentOf()
  vi.stubEnv('DD_TRACE_AGENT_URL', agent.url)
  vi.stubEnv('SERVICE', 'shop')
  vi.stubEnv('DD_APPSEC_ENABLED', 'true')
  vi.stubEnv('TRUSTED_PROXIES', '10.0.0.0/8')
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-api-key=verysecret')
  const { code, out } = await run()
  expect(code).toBe(0)
  expect(out).toMatch(/^ {2}SERVICE +shop +SERVICE$/m)
  expect(out).toMatch(/^ {2}APPSEC_ENABLED +true +DD_APPSEC_ENABLED$/m)
  expect(out).toMatch(/^ {2}APPSEC_WAF_TIMEOUT +5000 +default$/m)
  expect(out).toContain('x-api-key=***')
  expect(out).not.toContain('verysecret')
  expect(out).toContain(`agent: ${agent.url} is reachable (7.70.0)`)
  expect(out).toMatch(/ok +client IP: forwarding headers of 10.0.0.0\/8 are believed/)
})

test('an agent that is away, and a setting that is not accepted, are problems', async () => {
  const gone = await startFakeAgent()
  await gone.close()
  vi.stubEnv('TRACE_AGENT_URL', gone.url)
  vi.stubEnv('APPSEC_WAF_TIMEOUT', 'soon')
  const { code, findings } = await run('--json')
  expect(code).toBe(1)
  expect(about(findings, 'agent')[0]).toMatchObject({
    level: 'problem',
    says: expect.stringContaining('ECONNREFUSED') as string,
  })
  expect(about(findings, 'settings')[0]?.says).toMatch(/APPSEC_WAF_TIMEOUT=soon is not accepted/)
})

test('something that is no agent is told apart', async () => {
  const agent = await agentOf()
  agent.answer = (_request, response) => response.writeHead(404).end()
  vi.stubEnv('TRACE_AGENT_URL', agent.url)
  const { code, findings } = await run('--json')
  expect([code, about(findings, 'agent')[0]?.level]).toEqual([1, 'problem'])
  expect(about(findings, 'agent')[0]?.says).toMatch(/answers 404/)
})

test('what is no address is said', async () => {
  const agent = await agentOf()
  vi.stubEnv('DD_TRACE_AGENT_URL', agent.url)
  vi.stubEnv('TRACE_AGENT_URL', 'localhost:8126')
  const { findings } = await run('--json', '--collector', 'nowhere', '--token', 'x')
  expect(about(findings, 'settings')[0]?.says).toMatch(/TRACE_AGENT_URL=localhost:8126 is not accepted \(http:/)
  expect(about(findings, 'agent')[0]).toMatchObject({ level: 'ok' })
  expect(about(findings, 'collector')[0]?.says).toMatch(/--collector nowhere is not an address/)
})

test('an agent without remote configuration is advice', async () => {
  vi.stubEnv('TRACE_AGENT_URL', (await agentOf(['/v0.4/traces'])).url)
  const { code, findings } = await run('--json')
  expect([code, about(findings, 'remote configuration')[0]?.level]).toEqual([0, 'advice'])
})

const arrivals: {
  readonly says: string
  readonly trusted?: string
  readonly headers: Record<string, string>
  readonly level: string
  readonly finding: RegExp
}[] = [
  {
    says: 'no forwarding header',
    headers: {},
    level: 'problem',
    finding: /127.0.0.1 from the connection, socket: private/,
  },
  {
    says: 'an address that is only claimed',
    headers: { 'x-forwarded-for': '203.0.113.9' },
    level: 'advice',
    finding: /203.0.113.9 from x-forwarded-for, claimed/,
  },
  {
    says: 'an address that a trusted proxy vouches for',
    trusted: '127.0.0.0/8',
    headers: { 'x-forwarded-for': '203.0.113.9' },
    level: 'ok',
    finding: /203.0.113.9 from x-forwarded-for, trusted/,
  },
  {
    says: 'a private address of a trusted proxy',
    trusted: '127.0.0.0/8',
    headers: { 'x-forwarded-for': '10.1.1.1' },
    level: 'problem',
    finding: /10.1.1.1 from x-forwarded-for/,
  },
]

test.each(arrivals)('one request shows $says', async ({ trusted, headers, level, finding }) => {
  vi.stubEnv('TRACE_AGENT_URL', (await agentOf()).url)
  if (trusted !== undefined) vi.stubEnv('TRUSTED_PROXIES', trusted)
  const out: string[] = []
  const sent: Promise<unknown>[] = []
  const code = await doctorCommand(['--listen', '0', '--json'], {
    out: (text) => void out.push(text),
    err: (text) => void sent.push(send(Number(/port (\d+)/.exec(text)?.[1]), headers)),
  })
  await Promise.all(sent)
  const { findings } = JSON.parse(out.join('')) as { findings: Finding[] }
  expect(about(findings, 'client IP')).toHaveLength(1)
  expect(about(findings, 'client IP')[0]?.level).toBe(level)
  expect(about(findings, 'client IP')[0]?.says).toMatch(finding)
  expect(about(findings, 'headers')[0]).toMatchObject({
    level: 'advice',
    says: expect.stringContaining('accept-encoding') as string,
  })
  expect(code).toBe(level === 'problem' ? 1 : 0)
})

test('every arrival ran', () => expect(arrivals).toHaveLength(4))

function send(port: number, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, headers }, (response) => {
      response.resume()
      response.on('close', resolve)
    })
    request.on('error', reject)
    request.end()
  })
}

test('arguments it does not understand are said, with exit code 2', async () => {
  expect(await run('--listen', 'x')).toMatchObject({ code: 2, err: '--listen x is not a port' })
  expect(await run('--collector', 'http://127.0.0.1:1')).toMatchObject({ code: 2 })
  expect((await run('--help')).out).toContain('portcullis doctor')
})

interface Seen {
  readonly [name: string]: unknown
}
const activity = (event: string): string => `business_logic.users.login.${event}`

/** Answers searches by the activity named in the query, in the shape of the collector's API. */
async function collectorOf(spans: readonly Seen[], token = 'secret'): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end('{}')
      const { query } = JSON.parse(Buffer.concat(chunks).toString()) as { query: string }
      const wanted = /security_activity:(\S+)/.exec(query)?.[1]
      const found = spans.filter((one) => wanted === undefined || one['appsec.security_activity'] === wanted)
      return response.end(
        JSON.stringify({
          spans: query.startsWith('service:"shop"') ? found.map((attributes) => ({ attributes })) : [],
        }),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('what the collector saw tells of addresses and of what logins lack', async () => {
  vi.stubEnv('TRACE_AGENT_URL', (await agentOf()).url)
  vi.stubEnv('SERVICE', 'shop')
  const url = await collectorOf([
    { 'http.client_ip': '203.0.113.1', '_dd.portcullis.ip_source': 'claimed' },
    {
      'appsec.security_activity': activity('success'),
      'appsec.events_data.usr.login': 'a',
      'appsec.events_data.usr.id': '1',
      'http.client_ip': '203.0.113.2',
    },
    {
      'appsec.security_activity': activity('failure'),
      'appsec.events_data.usr.login': 'a',
      'http.client_ip': '203.0.113.2',
    },
  ])
  const { code, findings } = await run('--json', '--collector', url, '--token', 'secret')
  expect(code).toBe(1)
  expect(about(findings, 'login successes')[0]?.level).toBe('ok')
  expect(about(findings, 'login failures')[0]).toMatchObject({
    level: 'problem',
    says: 'some have no usr.exists; call trackLoginFailure(login, exists)',
  })
  expect(about(findings, 'client IP').at(-1)?.says).toMatch(/1 of 3 addresses are only claimed/)
  const refused = await run('--json', '--collector', url, '--token', 'wrong')
  expect(about(refused.findings, 'collector')[0]?.says).toMatch(/token is not accepted/)
  const unseen = await run('--json', '--collector', await collectorOf([]), '--token', 'secret')
  expect(about(unseen.findings, 'spans')[0]?.says).toMatch(/no span of shop/)
})

test('the settings that a collector would start with are shown, its secrets are not, and a bad one is a problem', async () => {
  const agent = await agentOf()
  vi.stubEnv('DD_TRACE_AGENT_URL', agent.url)
  vi.stubEnv('PORTCULLIS_TOKEN', 'topsecrettopsecret')
  vi.stubEnv('COMPACT_RECORD_HOURS', '48')
  vi.stubEnv('RETENTION_DAYS', 'ten')
  const { code, out, findings } = await run('--json')
  const shown = (JSON.parse(out) as { collectorSettings: { env: string; value: string; origin: string }[] })
    .collectorSettings
  const of = (env: string) => shown.find((setting) => setting.env === env)
  expect(of('COMPACT_RECORD_HOURS')).toMatchObject({ value: '48', origin: 'environment' })
  expect(of('RETENTION_DAYS')).toMatchObject({ value: '30', origin: 'default' })
  expect(of('PORTCULLIS_TOKEN')).toMatchObject({ value: 'set, not shown' })
  expect(out).not.toContain('topsecret')
  expect(about(findings, 'collector settings')).toMatchObject([{ level: 'problem' }])
  expect(code).toBe(1)
  expect((await run()).out).toContain('Settings of a collector started here')
})
