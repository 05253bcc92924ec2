import { Agent, request } from 'node:http'
import { parseArgs } from 'node:util'
import { fail } from '../model/error.ts'
import type { Io } from './io.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'

/** One login attempt and its answer, as a line of JSON on standard output. */
export interface AttemptLine {
  readonly type: 'attempt'
  readonly side: 'ordinary' | 'attack'
  readonly login: string
  readonly ip: string
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  /** Milliseconds since 1970 at which the attempt was sent. */
  readonly sentMs: number
  readonly answeredMs: number
}
export interface PhaseLine {
  readonly type: 'phase'
  readonly phase: 'sign-ups' | 'ordinary' | 'attack' | 'over' | 'done'
  readonly atMs: number
}
export type TrafficLine = AttemptLine | PhaseLine

interface Person {
  readonly login: string
  readonly password: string
  readonly ip: string
  readonly headers: Readonly<Record<string, string>>
}

const browsers = [
  {
    'user-agent':
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
    accept: 'application/json, text/plain, */*',
    'accept-language': 'en-GB,en;q=0.9',
    'accept-encoding': 'gzip, deflate, br',
  },
  {
    'user-agent':
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
    accept: '*/*',
    'accept-language': 'de-DE,de;q=0.9',
    'accept-encoding': 'gzip, deflate, br',
  },
  {
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
    accept: '*/*',
    'accept-language': 'fr,en;q=0.8',
    'accept-encoding': 'gzip, deflate, br, zstd',
  },
] as const
/** The attackers' tool says it is a browser, and forgets what a browser always sends. */
const attackTool = { 'user-agent': browsers[0]['user-agent'], accept: '*/*', 'accept-encoding': 'gzip' } as const

const options = {
  target: { type: 'string' },
  seed: { type: 'string', default: '1' },
  users: { type: 'string', default: '120' },
  'ordinary-per-second': { type: 'string', default: '8' },
  'warm-up-seconds': { type: 'string', default: '8' },
  'attack-addresses': { type: 'string', default: '20' },
  'attempts-per-address': { type: 'string', default: '100' },
  'attack-per-second': { type: 'string', default: '90' },
  'attack-seconds': { type: 'string', default: '30' },
  'after-seconds': { type: 'string', default: '2' },
} as const

/** Bounds of one run: this is for demonstrations and tests, on this machine only. */
const maxima = {
  seed: 2 ** 32,
  users: 2_000,
  'ordinary-per-second': 200,
  'warm-up-seconds': 600,
  'attack-addresses': 250,
  'attempts-per-address': 1_000,
  'attack-per-second': 1_000,
  'attack-seconds': 600,
  'after-seconds': 3_600,
} as const

const answerTimeoutMs = 20_000
const agent = new Agent({ keepAlive: true, maxSockets: 100 })

/**
 * `portcullis traffic --target http://127.0.0.1:3000`: signs people up, lets them log in with ordinary mistakes, then
 * runs a credential-stuffing attack from several addresses; prints every attempt as a line of JSON. Loopback only.
 */
export async function trafficCommand(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args, options })
  const target = loopbackTarget(values.target)
  const number = (name: keyof typeof maxima): number => boundedNumber(name, values[name])
  const random = seededRandom(number('seed'))
  const people = makePeople(number('users'), random)
  const print = (line: TrafficLine): void => io.out(JSON.stringify(line))
  const phase = (name: PhaseLine['phase']): void => print({ type: 'phase', phase: name, atMs: Date.now() })

  phase('sign-ups')
  const atHome = people.map((person, index) => ({ ...person, ip: homeOf(index) }))
  await Promise.all(chunks(atHome, 8).map((group) => signUp(target, group)))

  phase('ordinary')
  const stop = new AbortController()
  const attempt = (side: AttemptLine['side'], person: Person): Promise<number> => logIn(target, side, person, print)
  const ordinary = paced(number('ordinary-per-second'), stop.signal, () =>
    visit(random.pick(people), random, (person) => attempt('ordinary', person)),
  )
  await pause(number('warm-up-seconds') * 1_000)

  phase('attack')
  const list = attackList(people, number('attack-addresses'), number('attempts-per-address'), random)
  const attackEnd = AbortSignal.timeout(number('attack-seconds') * 1_000)
  await paced(number('attack-per-second'), attackEnd, () => {
    const next = list.next()
    return next.done ? undefined : attempt('attack', next.value)
  })
  phase('over')
  await pause(number('after-seconds') * 1_000)
  stop.abort()
  await ordinary
  phase('done')
  return 0
}

function loopbackTarget(text: string | undefined): URL {
  const url = URL.parse(text ?? '')
  if (url === null || !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) {
    throw fail(
      'CONFIG_INVALID',
      '--target',
      text ?? '',
      'a URL on this machine, such as http://127.0.0.1:3000',
      'nothing',
    )
  }
  return url
}

function boundedNumber(name: keyof typeof maxima, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > maxima[name]) {
    throw fail('CONFIG_INVALID', `--${name}`, text, `a whole number up to ${maxima[name]}`, 'nothing')
  }
  return number
}

/** Each signed up at home; one in five now sits in the same office, behind one address. */
function makePeople(count: number, random: SeededRandom): Person[] {
  return Array.from({ length: count }, (_, index) => ({
    login: `user${index}@example.com`,
    password: `correct horse ${index} ${random.below(1_000_000)}`,
    ip: index % 5 === 0 ? office : homeOf(index),
    headers: random.pick(browsers),
  }))
}

const office = '192.0.2.10'

function homeOf(index: number): string {
  return `198.51.${100 + Math.floor(index / 250)}.${1 + (index % 250)}`
}

/** What was leaked: mostly logins nobody has here, some of ours with an old password, and one in forty still right. */
function* attackList(
  people: readonly Person[],
  addresses: number,
  each: number,
  random: SeededRandom,
): Generator<Person> {
  for (let round = 0; round < each; round++) {
    for (let address = 0; address < addresses; address++) {
      const person = random.pick(people)
      const draw = random.next()
      yield {
        login: draw < 0.5 ? person.login : `leaked${random.below(1_000_000)}@example.net`,
        password: draw < 0.025 ? person.password : `Summer${random.below(10_000)}`,
        ip: `203.0.113.${1 + address}`,
        headers: attackTool,
      }
    }
  }
}

/** A visit: mostly right at once, sometimes a typo first, now and then given up after three tries. */
async function visit(
  person: Person,
  random: SeededRandom,
  attempt: (person: Person) => Promise<number>,
): Promise<void> {
  const draw = random.next()
  const mistakes = draw < 0.02 ? 3 : draw < 0.1 ? 1 : 0
  for (let mistake = 0; mistake < mistakes; mistake++) await attempt({ ...person, password: `${person.password}?` })
  if (mistakes < 3) await attempt(person)
}

/** Starts `perSecond` of `one` a second until the signal or until it returns undefined; waits for those under way. */
async function paced(perSecond: number, stop: AbortSignal, one: () => Promise<unknown> | undefined): Promise<void> {
  const underWay = new Set<Promise<unknown>>()
  if (perSecond === 0) return
  const startedMs = performance.now()
  for (let count = 0; !stop.aborted; count++) {
    await pause(startedMs + (count * 1_000) / perSecond - performance.now())
    if (underWay.size >= 100) await Promise.race(underWay)
    const started = stop.aborted ? undefined : one()
    if (started === undefined) break
    underWay.add(started)
    void started.finally(() => underWay.delete(started))
  }
  await Promise.all(underWay)
}

async function logIn(
  target: URL,
  side: AttemptLine['side'],
  person: Person,
  print: (line: TrafficLine) => void,
): Promise<number> {
  const sentMs = Date.now()
  const status = await post(new URL('/login', target), person)
  print({ type: 'attempt', side, login: person.login, ip: person.ip, status, sentMs, answeredMs: Date.now() })
  return status
}

async function signUp(target: URL, people: readonly Person[]): Promise<void> {
  for (const person of people) await post(new URL('/signup', target), person)
}

/** Plain http: fetch would add headers of its own, and what a client sends is what detection looks at. */
function post(url: URL, { login, password, ip, headers }: Person): Promise<number> {
  const body = JSON.stringify({ login, password })
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent,
        timeout: answerTimeoutMs,
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-forwarded-for': ip,
        },
      },
      (incoming) => incoming.resume().once('end', () => resolve(incoming.statusCode ?? 0)),
    )
    outgoing.once('timeout', () => outgoing.destroy())
    outgoing.once('error', () => resolve(0))
    outgoing.end(body)
  })
}

function chunks<T>(items: readonly T[], groups: number): T[][] {
  return Array.from({ length: groups }, (_, group) => items.filter((_item, index) => index % groups === group))
}

function pause(ms: number): Promise<void> {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve()
}
