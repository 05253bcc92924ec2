import { familyNames, givenNames } from './people.js'
import { randomFor } from './random.js'
import { tools } from './tools.js'

const secondMs = 1_000
const minuteMs = 60_000
const hourMs = 3_600_000
/** First octets of what attackers rent: residential proxies first, then data centres. */
const nets = [5, 31, 41, 45, 89, 95, 103, 138, 154, 177, 179, 186, 190, 197, 201, 212]

/** `count` addresses that no ordinary user has; campaigns hardly ever share one. */
function addresses(random, count) {
  const start = random.below(1 << 20)
  // An odd step visits each of 2^20 addresses once.
  return (index) => {
    const n = (start + (index % count) * 387_697) & 0xfffff
    return `${nets[n >> 16]}.${128 + ((n >> 9) & 127)}.${(n >> 1) & 255}.${10 + (n & 1) * 100 + ((n >> 16) & 15)}`
  }
}

/** A stolen pair: of somebody here, or of an account that only another service has. */
function stolen(random, people, knownShare) {
  if (random.chance(knownShare)) return { ...people.anybody(random), exists: true }
  const login = `${random.pick(givenNames)}${random.pick(familyNames)}${random.below(1e6)}@mail.example`
  return { login, userId: undefined, exists: false }
}

/**
 * Stolen passwords, each tried once.
 * `attempts` within `overMs`, `perAddress` of them from each address; one of `oneRightIn` is right. `tool` gives the tool
 * of each attempt; `pause`: after this share of the attempts nothing happens for `forMs`.
 */
function* stuffing({
  random,
  people,
  fromMs,
  attempts,
  overMs,
  perAddress,
  oneRightIn = 200,
  knownShare = 0.3,
  tool,
  pause,
}) {
  const addressOf = addresses(random, Math.ceil(attempts / perAddress))
  let atMs = fromMs
  for (let index = 0; index < attempts; index++) {
    atMs += (overMs / attempts) * 2 * random.next()
    if (pause !== undefined && index === Math.floor(attempts * pause.after)) atMs += pause.forMs
    const right = random.chance(1 / oneRightIn)
    const { login, userId, exists } = right
      ? { ...people.anybody(random), exists: true }
      : stolen(random, people, knownShare)
    const outcome = right ? 'success' : 'failure'
    yield attemptOf({
      random,
      atMs,
      outcome,
      login,
      userId,
      exists,
      ip: addressOf(index),
      tool: tool(index / attempts, index),
    })
  }
}

/** One account, many passwords. The last is right where `succeeds`. */
function* guessing({ random, people, fromMs, attempts, overMs, ips, tool, succeeds }) {
  const { login, userId } = people.anybody(random)
  const addressOf = addresses(random, ips)
  for (let index = 0; index < attempts; index++) {
    const outcome = succeeds && index === attempts - 1 ? 'success' : 'failure'
    const atMs = fromMs + (overMs * (index + random.next())) / attempts
    yield attemptOf({
      random,
      atMs,
      outcome,
      login,
      userId,
      exists: true,
      ip: addressOf(index),
      tool: tool(index / attempts, index),
    })
  }
}

/** A list of common names that goes round among many addresses, each of which goes slowly. */
function* dictionary({ random, fromMs, attempts, overMs, ips, names, tool }) {
  const addressOf = addresses(random, ips)
  const list = Array.from(
    { length: names },
    (_none, index) => `${random.pick(['admin', 'info', 'test', 'shop', 'sales'])}${index}`,
  )
  for (let index = 0; index < attempts; index++) {
    const atMs = fromMs + (overMs * (index + random.next())) / attempts
    const login = random.pick(list)
    yield attemptOf({
      random,
      atMs,
      outcome: 'failure',
      login,
      exists: false,
      ip: addressOf(index),
      tool: tool(index / attempts, index),
    })
  }
}

function attemptOf({ random, tool, atMs, ...attempt }) {
  const { login, userId, exists } = attempt
  return {
    atMs: Math.round(atMs),
    ...attempt,
    userId: exists ? userId : undefined,
    tool,
    headers: tools[tool].headers({ random, login }),
  }
}

const always = (name) => () => name

/** The campaigns by name. `attempts` and `overMs` can be overridden where a campaign is put into traffic. */
export const campaigns = {
  'brute force, one address': { kind: guessing, attempts: 400, overMs: 14 * minuteMs, ips: 1, tool: always('python') },
  'brute force, 40 addresses': {
    kind: guessing,
    attempts: 400,
    overMs: 20 * minuteMs,
    ips: 40,
    tool: always('golang'),
    succeeds: true,
  },
  'stuffing, 8 addresses': {
    kind: stuffing,
    attempts: 2_000,
    overMs: 16 * minuteMs,
    perAddress: 250,
    tool: always('python'),
  },
  'stuffing, 1 in 1000 right': {
    kind: stuffing,
    attempts: 3_000,
    overMs: 25 * minuteMs,
    perAddress: 100,
    oneRightIn: 1_000,
    tool: always('checker'),
  },
  distributed: {
    kind: stuffing,
    attempts: 3_000,
    overMs: 25 * minuteMs,
    perAddress: 1.01,
    oneRightIn: 150,
    tool: always('checker'),
  },
  'distributed, 300 attempts': {
    kind: stuffing,
    attempts: 300,
    overMs: 3 * minuteMs,
    perAddress: 1.01,
    oneRightIn: 100,
    tool: always('python'),
  },
  'distributed, user agents rotated': {
    kind: stuffing,
    attempts: 3_000,
    overMs: 25 * minuteMs,
    perAddress: 1.01,
    oneRightIn: 100,
    tool: always('rotating'),
  },
  'distributed, tool changed': {
    kind: stuffing,
    attempts: 2_400,
    overMs: 30 * minuteMs,
    perAddress: 1.01,
    tool: (done) => (done < 0.5 ? 'checker' : 'headless'),
  },
  'distributed, two tools': {
    kind: stuffing,
    attempts: 2_400,
    overMs: 30 * minuteMs,
    perAddress: 1.01,
    tool: (_done, index) => (index % 2 === 0 ? 'python' : 'rotating'),
  },
  'clone of the app, a header missing': {
    kind: stuffing,
    attempts: 2_000,
    overMs: 25 * minuteMs,
    perAddress: 1.01,
    tool: always('appWithoutPlatform'),
  },
  'clone of the app, another order': {
    kind: stuffing,
    attempts: 2_000,
    overMs: 25 * minuteMs,
    perAddress: 1.01,
    tool: always('appInOtherOrder'),
  },
  'the app itself': {
    kind: stuffing,
    attempts: 2_000,
    overMs: 25 * minuteMs,
    perAddress: 1.01,
    tool: always('appItself'),
  },
  'real phones': { kind: stuffing, attempts: 2_000, overMs: 25 * minuteMs, perAddress: 1.01, tool: always('phones') },
  'pause of 5 hours': {
    kind: stuffing,
    attempts: 1_600,
    overMs: 20 * minuteMs,
    perAddress: 1.01,
    tool: always('checker'),
    pause: { after: 0.5, forMs: 5 * hourMs },
  },
  'dictionary, 40 names': {
    kind: dictionary,
    attempts: 900,
    overMs: 5 * hourMs,
    ips: 120,
    names: 40,
    tool: always('golang'),
  },
  'slow, 100 addresses over a day': {
    kind: stuffing,
    attempts: 3_000,
    overMs: 24 * hourMs,
    perAddress: 30,
    tool: always('checker'),
  },
  'slow, few addresses over 3 days': {
    kind: stuffing,
    attempts: 2_700,
    overMs: 72 * hourMs,
    perAddress: 450,
    tool: always('python'),
  },
  'slow, 1.01 an address over 20 hours': {
    kind: stuffing,
    attempts: 1_500,
    overMs: 20 * hourMs,
    perAddress: 1.01,
    tool: always('checker'),
  },
  'slow, one account over 2 days': {
    kind: guessing,
    attempts: 480,
    overMs: 48 * hourMs,
    ips: 60,
    tool: always('golang'),
  },
}

/**
 * The attempts of one campaign, in time order. `attackShare`: its length is chosen so that the attack makes up this share
 * of all logins, given how many others there are a minute.
 * @param {{ seed: number, people: object, id: string, name: string, fromMs: number, attempts?: number, overMs?: number,
 *   attackShare?: number, loginsPerMinute?: number }} options
 */
export function* campaign({ seed, people, id, name, fromMs, attackShare, loginsPerMinute, ...overrides }) {
  const plan = { ...campaigns[name], ...overrides }
  if (attackShare !== undefined) {
    plan.overMs = (plan.attempts / (loginsPerMinute * (attackShare / (1 - attackShare)))) * minuteMs
  }
  const attempts = plan.kind({ ...plan, random: randomFor(seed, `campaign ${id}`), people, fromMs })
  for (const attempt of attempts) yield { ...attempt, label: id, source: 'campaign' }
}

/** A test that the operator ordered: one address tries many accounts for 20 minutes. Right to see, wrong to see as new. */
export function* penetrationTest({ seed, people, fromMs }) {
  const random = randomFor(seed, 'penetration test')
  for (let index = 0; index < 400; index++) {
    const atMs = fromMs + index * 3 * secondMs
    const target = stolen(random, people, 0.5)
    yield {
      ...attemptOf({ random, tool: 'python', atMs, outcome: 'failure', ...pick(target), ip: '185.70.40.7' }),
      label: null,
      source: 'penetration_test',
    }
  }
}

const pick = ({ login, userId, exists }) => ({ login, userId, exists })
