import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Signal, SignalResponse } from '../model/signal.ts'
import { freePort, startChild, type Child } from './child.ts'
import { readEventStream, type StreamEvent } from './event-stream.ts'
import type { Io } from './io.ts'
import { storyLink } from './story-link.ts'
import { createStory, isGood, type Story, type StoryResult } from './story.ts'
import type { TrafficLine } from './traffic.ts'

const options = {
  data: { type: 'string' },
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
} as const

const service = 'express-login'
const bin = fileURLToPath(new URL('../bin.js', import.meta.url))
const exampleApp = fileURLToPath(new URL('../../examples/express-login/app.js', import.meta.url))

/** The bounded run ends by itself; this is its last resort. */
const onceLimitMs = 58_000

/**
 * `portcullis demo`: a collector, an example app and login traffic as processes on loopback; tells what happens.
 * `--once` ends after one attack (exit code 0 only if it was detected, blocked, and no ordinary user was hit);
 * `--json` prints the result as one JSON object.
 */
export async function demoCommand(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args, options })
  const say = values.json ? () => {} : (text: string): void => io.out(text)
  const dir = values.data ?? mkdtempSync(join(tmpdir(), 'portcullis-demo-'))
  mkdirSync(dir, { recursive: true })
  const children: Child[] = []
  const interrupted = interruption()
  try {
    const place = await startPlace(dir, children)
    say(`console     ${place.console} (API token ${place.token})`)
    say(`example app ${place.app} (an Express login; POST /login)`)
    say(`logs, data  ${dir}\n`)
    const limit = AbortSignal.timeout(onceLimitMs)
    const stop = values.once ? AbortSignal.any([interrupted, limit]) : interrupted
    const result = await playStory(place, dir, values, { say, stop, children })
    if (result === undefined) {
      io.err('the demo was interrupted before the attack was over')
      return 1
    }
    say(closing(result.story, result.named))
    if (values.json) io.out(JSON.stringify(result.story))
    if (!values.once) {
      const link = await storyLink({ ...place, dataDir: join(dir, 'collector') })
      say(`\nEverything keeps running; Ctrl-C ends it. Look at the attack in the console:`)
      say(`  ${link}`)
      say(`The link signs in once, within 15 minutes; another: portcullis signin --data ${join(dir, 'collector')}`)
      await aborted(interrupted)
    }
    return isGood(result.story) ? 0 : 1
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    if (values.data === undefined) rmSync(dir, { recursive: true, force: true })
  }
}

/** Where the parts of the demo are. */
interface Place {
  readonly app: string
  readonly console: string
  readonly token: string
}

async function startPlace(dir: string, children: Child[]): Promise<Place> {
  const [agentPort, consolePort, appPort] = [await freePort(8126), await freePort(8127), await freePort(3000)]
  const token = `pct_${randomBytes(18).toString('base64url')}`
  const start = (name: string, args: string[], env: Record<string, string>): void =>
    void children.push(startChild({ name, args, env, logFile: join(dir, `${name}.log`) }))
  start(
    'collector',
    [
      bin,
      'collector',
      '--data',
      join(dir, 'collector'),
      '--agent-port',
      `${agentPort}`,
      '--console-port',
      `${consolePort}`,
    ],
    { PORTCULLIS_TOKEN: token, RESPONSE_AUTOMATION: 'on' },
  )
  const console = `http://127.0.0.1:${consolePort}`
  // With the token, so that another collector on the port is not taken for ours.
  await answering(`${console}/api/services`, children, { authorization: `Bearer ${token}` })
  start('app', [exampleApp], {
    PORT: `${appPort}`,
    SERVICE: service,
    ENV: 'demo',
    APPSEC_ENABLED: 'true',
    TRACE_AGENT_URL: `http://127.0.0.1:${agentPort}`,
    TRUSTED_PROXIES: '127.0.0.0/8',
    // Dearer hashes would make the machine, not the product, the limit of a demo on two cores.
    SCRYPT_COST: '1024',
  })
  const app = `http://127.0.0.1:${appPort}`
  await answering(app, children, {})
  return { app, console, token }
}

interface Stage {
  readonly say: (text: string) => void
  readonly stop: AbortSignal
  readonly children: Child[]
}

/** Runs the traffic and follows the collector; undefined when it was stopped before the end. */
async function playStory(
  place: Place,
  dir: string,
  { once, seed }: { readonly once: boolean; readonly seed: string },
  { say, stop, children }: Stage,
): Promise<{ readonly story: StoryResult; readonly named: ReadonlySet<string> } | undefined> {
  const story = createStory()
  const tell = narrator(say, story)
  const over = new AbortController()
  const following = new AbortController()
  const headers = { authorization: `Bearer ${place.token}` }
  const events = readEventStream(new URL('/api/events', place.console), headers, following.signal, (event) =>
    tell.event(event),
  ).catch((error: Error) => say(`the event stream broke: ${error.message}`))
  const traffic = startChild({
    name: 'traffic',
    args: [bin, 'traffic', '--target', place.app, '--seed', seed, ...(once ? [] : ['--after-seconds', '3600'])],
    logFile: join(dir, 'traffic.log'),
    onLine(text) {
      const line = JSON.parse(text) as TrafficLine
      if (line.type === 'attempt') story.attempt(line)
      else tell.phase(line.phase)
      if (line.type === 'phase' && line.phase === 'over') over.abort()
    },
  })
  children.push(traffic)
  const ticker = setInterval(() => tell.tick(), 2_000)
  await Promise.race([aborted(over.signal), aborted(stop), traffic.exited])
  // What was sent last is judged a moment later; the answers to it count.
  if (over.signal.aborted) await Promise.race([aborted(AbortSignal.timeout(2_500)), aborted(stop)])
  clearInterval(ticker)
  following.abort()
  await events
  if (!over.signal.aborted) return undefined
  const named = await namedAccounts(place)
  return { story: story.result(named), named }
}

/** Turns what happens into lines for a terminal. */
function narrator(
  say: (text: string) => void,
  story: Story,
): { phase(name: string): void; event(event: StreamEvent): void; tick(): void } {
  const startedMs = performance.now()
  const line = (text: string): void =>
    say(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(5)} s  ${text}`)
  const titles = new Map<string, { severity: string; title: string }>()
  let attacking = false
  const phases: Readonly<Record<string, string>> = {
    'sign-ups': 'people sign up',
    ordinary: 'ordinary traffic: people log in, mistype, try again',
    attack: 'ATTACK: credential stuffing from 20 addresses begins',
    over: 'the attack is over',
    done: 'the traffic ends',
  }
  return {
    phase(name) {
      attacking = name === 'attack'
      line(phases[name] ?? name)
    },
    event({ name, data }) {
      const { id = '', severity, title, tags } = data as Partial<Signal>
      if (name === 'signal.opened' && severity !== undefined && title !== undefined) {
        titles.set(id, { severity, title })
        if (tags?.includes('category:account_takeover')) story.detected(Date.now())
        line(`SIGNAL  ${severity.toUpperCase()}: ${printable(title)}`)
      }
      const known = titles.get(id)
      if (name === 'signal.updated' && known && severity !== undefined && severity !== known.severity) {
        titles.set(id, { severity, title: title ?? known.title })
        line(`SIGNAL  ${known.severity.toUpperCase()} → ${severity.toUpperCase()}: ${printable(title ?? known.title)}`)
      }
      if (name === 'response.taken') {
        const { value, until } = data as SignalResponse
        line(`BLOCK   ${printable(value)} until ${until ?? 'taken back'}`)
      }
    },
    tick() {
      if (!attacking) return
      const { attempts, blocked } = story.lately()
      if (attempts > 0) line(`attack: ${attempts} attempts in 2 s, ${Math.round((100 * blocked) / attempts)} % stopped`)
    },
  }
}

/** The logins that the collector lists as compromised, over all signals. */
async function namedAccounts({ console, token }: Place): Promise<Set<string>> {
  const get = async (path: string): Promise<{ items: Record<string, unknown>[] }> => {
    const response = await fetch(new URL(path, console), { headers: { authorization: `Bearer ${token}` } })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as { items: Record<string, unknown>[] }
  }
  const named = new Set<string>()
  for (const { id } of (await get('/api/signals?limit=1000')).items) {
    const users = await get(`/api/signals/${String(id)}/compromised-users?limit=10000`)
    for (const { usrLogin } of users.items) named.add(String(usrLogin))
  }
  return named
}

/** More names than these are for the API. */
const maxNames = 8

function closing(result: StoryResult, named: ReadonlySet<string>): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`
  const seconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`)
  const names = [...named].slice(0, maxNames).map(printable).join(', ') + (named.size > maxNames ? ', …' : '')
  return [
    '',
    `detected      after ${seconds(result.detectedAfterMs)} (${result.detectedAfterAttempts ?? '–'} attempts)`,
    `enforced      after ${seconds(result.enforcedAfterMs)}`,
    `attack        ${result.attackAttempts} attempts, ${percent(result.attackBlockedShare)} stopped`,
    `compromised   ${result.compromised.actual} accounts, ${result.compromised.found} of them named`,
    `              ${names}`,
    `ordinary use  ${result.ordinaryAttempts} attempts, ${result.ordinaryBlocked} stopped`,
  ].join('\n')
}

/** Makes text from the outside harmless for a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '�').slice(0, 300)
}

async function answering(
  url: string,
  children: readonly Child[],
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const limit = AbortSignal.timeout(20_000)
  const gone = Promise.race(
    children.map(async ({ name, exited }) => `${name} ended with code ${await exited}; see its log`),
  )
  while (!limit.aborted) {
    const answer = await Promise.race([
      fetch(url, { signal: limit, headers }).then(
        ({ ok }) => ok,
        () => false,
      ),
      gone,
    ])
    if (answer === true) return
    if (typeof answer === 'string') throw new Error(answer)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${url} does not answer`)
}

/** By a signal, or when whoever reads the story is gone (`| head`, a closed terminal): what was started ends with it. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort())
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => controller.abort())
  return controller.signal
}

function aborted(signal: AbortSignal): Promise<void> {
  return signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
