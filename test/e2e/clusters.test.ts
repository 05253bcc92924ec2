import { spawn, type ChildProcess } from 'node:child_process'
import { request } from 'node:http'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TagList } from '../../src/tracer/tag-list.ts'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../support/collector-process.ts'
import { eventually } from '../support/eventually.ts'

// The generator of labelled traffic is plain JavaScript over the build.
const [{ sendEvents }, { createTracedService }, { createTraffic }] = await Promise.all(
  ['send', 'to-span', 'traffic'].map((name) => import(resolve(`bench/traffic/${name}.js`))),
)

const directory = temporaryDirectory()
const hourMs = 3_600_000
const minuteMs = 60_000
let collector: CollectorProcess
const apps: ChildProcess[] = []

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path, { RESPONSE_AUTOMATION: 'on' })
}, 60_000)
afterAll(async () => {
  for (const app of apps) app.kill('SIGKILL')
  await collector.stop()
  directory.remove()
})

/** A day of ordinary logins of a service, up to a quarter of an hour ago. `change` makes its tags those of another tracer. */
async function history(service: string, change: (tags: TagList<string>) => void): Promise<void> {
  const toMs = Date.now() - 16 * minuteMs
  const traced = createTracedService({ service, env: 'prod' })
  const events = createTraffic({
    seed: 5,
    fromMs: toMs - 24 * hourMs,
    toMs,
    loginsPerDay: 3_000,
    people: 2_000,
    forgottenJob: false,
  })
  const eachEvent = (_event: object, { tags }: { readonly tags: TagList<string> }): void => {
    tags.set('http.route', '/login')
    tags.set('http.url', 'http://shop.example/login')
    change(tags)
  }
  expect(await sendEvents({ agentUrl: collector.agentUrl, service: traced, events, eachEvent })).toBeGreaterThan(2_000)
  await traced.stop()
}

async function startApp(file: string, env: Readonly<Record<string, string>>): Promise<string> {
  const app = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  apps.push(app)
  return new Promise((found) => {
    createInterface({ input: app.stdout }).on('line', (line) => {
      const [, port] = /^listening (?:on port )?(\d+)/.exec(line) ?? []
      if (port !== undefined) found(`http://127.0.0.1:${port}`)
    })
  })
}

/** A request with just these headers, in this order, from this address behind a load balancer. */
function logIn(
  url: string,
  ip: string,
  headers: readonly (readonly [string, string])[],
  body: object,
): Promise<number> {
  const { hostname, port } = new URL(url)
  const text = JSON.stringify(body)
  const all = [
    ['X-Forwarded-For', ip],
    ['Host', 'shop.example'],
    ...headers,
    ['Content-Length', `${Buffer.byteLength(text)}`],
  ]
  return new Promise((done, reject) => {
    const sent = request(
      { hostname, port, path: '/login', method: 'POST', headers: all.flat(), setHost: false },
      (reply) => {
        reply.resume().on('end', () => done(reply.statusCode ?? 0))
      },
    )
    sent.on('error', reject).end(text)
  })
}

const userAgent =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'
/** The most common browser of the service, imitated: its values, but not its order, and a header is missing. */
const tool = [
  ['User-Agent', userAgent],
  ['Accept', '*/*'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Content-Type', 'application/json'],
] as const
const browser = [
  ['User-Agent', userAgent],
  ['Accept', '*/*'],
  ['Content-Type', 'application/json'],
  ['Accept-Language', 'en-US,en;q=0.9'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Priority', 'u=1, i'],
] as const

let attackers = 0
/** A new address for each attempt: 1.00 requests an address. */
function nextIp(): string {
  const number = ++attackers
  return `45.${100 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`
}

/** Attacks until the tool is blocked, at most for two minutes; the statuses that attempts got. */
async function attackUntilBlocked(
  url: string,
  body: (login: string) => object,
  ordinary: object,
): Promise<readonly number[]> {
  const statuses: number[] = []
  const untilMs = Date.now() + 120_000
  while (Date.now() < untilMs) {
    const some = Array.from({ length: 10 }, () => {
      const ip = nextIp()
      return logIn(url, ip, tool, body(`stolen${attackers}@mail.example`))
    })
    statuses.push(...(await Promise.all(some)))
    if (statuses.slice(-50).every((status) => status === 403)) return statuses
    // A third of the traffic is that of ordinary people.
    await logIn(url, `93.184.${attackers % 200}.7`, browser, ordinary)
    await pause(100)
  }
  return statuses
}

async function signalOf(service: string): Promise<any> {
  const { body } = await collector.api('GET', `/api/signals?service=${service}`)
  return body.items.find(hasBlockedCluster)
}

function hasBlockedCluster({ clusters = [] }: { readonly clusters?: readonly any[] }): boolean {
  return clusters.some(({ wafRuleId }) => wafRuleId !== null)
}

/** A rule of what the attackers share with the people whose browser they imitate: it is in monitoring, and meets people. */
async function ruleIsTakenBack(url: string, signalId: string): Promise<void> {
  const { body: cluster } = await collector.api('POST', `/api/signals/${signalId}/clusters`, {
    attributes: [{ attribute: '@http.useragent', value: userAgent }],
  })
  expect(cluster).toMatchObject({ origin: 'custom', blockable: false })
  expect(cluster.collateral.course.points.length).toBeGreaterThan(0)
  const asked = { signalId, clusterId: cluster.id }
  const { status, body: made } = await collector.api('POST', '/api/clusters/to-rule', asked)
  expect({ status, mode: made.mode }).toEqual({ status: 201, mode: 'monitoring' })

  const ada = { login: 'ada@example.com', password: 'correct horse' }
  let logins = 0
  await eventually(
    async () => {
      if (logins < 60) expect(await logIn(url, `93.184.217.${++logins}`, browser, ada)).toBe(200)
      return (await collector.api('GET', `/api/waf-rules/${made.id}`)).body.mode === 'disabled'
    },
    { says: 'the rule is disabled', withinMs: 90_000, everyMs: 250 },
  )
  const { body: timeline } = await collector.api('GET', `/api/signals/${signalId}/timeline`)
  expect(timeline.items.map(({ text }: any) => text)).toContainEqual(
    expect.stringMatching(/is taken back: \d+ of \d+ requests that it matched ended in a successful login/),
  )
  const { body: signal } = await collector.api('GET', `/api/signals/${signalId}`)
  expect(signal.responses.find(({ value }: any) => value === made.id).undoneAt).not.toBeNull()
}

test(
  'an attack with one request an address is blocked by what its tool gives away, in our tracer; a rule that meets people is taken back by itself',
  { timeout: 330_000 },
  async () => {
    await history('express-login', () => undefined)
    const url = await startApp('examples/express-login/app.js', {
      TRACE_AGENT_URL: collector.agentUrl,
      ENV: 'prod',
      APPSEC_ENABLED: 'true',
      TRUSTED_PROXIES: '127.0.0.1/32',
      SCRYPT_COST: '2',
    })
    const statuses = await attackUntilBlocked(url, (login) => ({ login, password: 'leaked' }), {
      login: 'ada@example.com',
      password: 'correct horse',
    })
    expect(statuses.slice(-50)).toEqual(Array.from({ length: 50 }, () => 403))
    expect(await logIn(url, '93.184.216.34', browser, { login: 'ada@example.com', password: 'correct horse' })).toBe(
      200,
    )

    const signal = await eventually(() => signalOf('express-login'), {
      says: 'a signal whose cluster is blocked',
      withinMs: 20_000,
      everyMs: 250,
    })
    const cluster = signal.clusters.find(({ wafRuleId }: any) => wafRuleId !== null)
    expect(cluster).toMatchObject({ origin: 'found', blockable: true, collateral: { successfulLogins: 0, share: 0 } })
    expect(cluster.attackShare).toBeGreaterThan(0.5)
    const { body: rule } = await collector.api('GET', `/api/waf-rules/${cluster.wafRuleId}`)
    expect(rule).toMatchObject({
      mode: 'blocking',
      services: ['express-login'],
      routes: [{ method: 'POST', pathPattern: '/login' }],
      origin: { by: 'automation', signalId: signal.id, clusterId: cluster.id },
    })
    expect(Date.parse(rule.endsAt)).toBeLessThanOrEqual(Date.now() + 900_000)
    const { body: timeline } = await collector.api('GET', `/api/signals/${signal.id}/timeline`)
    const foundAt = timeline.items.find(({ kind }: any) => kind === 'cluster_found').at
    const seconds = (Date.parse(foundAt) - Date.parse(signal.createdAt)) / 1_000
    console.info(`the first cluster was found ${seconds.toFixed(1)} s after its signal`)
    const { body: clusters } = await collector.api('GET', `/api/signals/${signal.id}/clusters`)
    expect(clusters.items[0].collateral.course.intervalMs).toBeGreaterThan(0)
    expect(clusters.items.map(({ id }: any) => id)).toContain(cluster.id)
    expect(clusters.versions.length).toBeGreaterThan(0)
    const { body: tested } = await collector.api('POST', '/api/detection-rules/test', {
      ruleId: signal.rule.id,
      from: 'now-1h',
      include: ['clusters'],
    })
    expect(tested.signals.flatMap((one: any) => one.clusters).map(({ reason }: any) => reason)).toContain(null)
    // Several rules tell of the attack, and what the rule of one has stopped reaches no other that says something else.
    await eventually(
      async () => {
        const { body } = await collector.api('GET', '/api/signals?service=express-login')
        return body.items.some((one: any) => hasBlockedCluster(one) && one.counts.blocked >= 50)
      },
      { says: 'stopped requests count as blocked', withinMs: 30_000, everyMs: 250 },
    )
    await ruleIsTakenBack(url, signal.id)
  },
)

test(
  'the same attack on a Datadog tracer is blocked by a rule of what that tracer feeds',
  { timeout: 240_000 },
  async () => {
    await history('legacy-shop', (tags) => {
      const isTheirs = (name: string): boolean =>
        !name.startsWith('_dd.portcullis') &&
        name !== '_dd.appsec.fp.http.order' &&
        !/^http\.request\.headers\.(?:sec-|origin|priority|te$)/.test(name)
      for (const name of tags.names.filter((own) => !isTheirs(own))) tags.delete(name)
    })
    const url = await startApp('test/e2e/apps/dd-trace-login.cjs', {
      DD_TRACE_AGENT_URL: collector.agentUrl,
      DD_APPSEC_ENABLED: 'true',
      DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS: '0.2',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    })
    const statuses = await attackUntilBlocked(url, (username) => ({ username, password: 'wrong' }), {
      username: 'alice',
      password: 'right',
    })
    expect(statuses.slice(-50)).toEqual(Array.from({ length: 50 }, () => 403))
    expect(await logIn(url, '93.184.216.34', browser, { username: 'alice', password: 'right' })).toBe(200)
    const signal = await eventually(() => signalOf('legacy-shop'), {
      says: 'a signal whose cluster is blocked',
      withinMs: 20_000,
      everyMs: 250,
    })
    const cluster = signal.clusters.find(({ wafRuleId }: any) => wafRuleId !== null)
    const facets = cluster.attributes.map(({ attribute }: any) => attribute)
    expect(facets.every((facet: string) => /^@http\.(?:useragent|request\.headers\..+)$/.test(facet))).toBe(true)
  },
)
