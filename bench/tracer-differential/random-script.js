/** Calls of the SDK that service.cjs is asked to make, with arguments such as careless services give. */

const oddNames = `
  $undefined $nan $date $map $bigint $function $inherits $stringable $hidden $buffer $boxed
`
  .trim()
  .split(/\s+/)
const texts = [
  'u1',
  'alice',
  'mallory',
  'blocked-user',
  '',
  ' ',
  '0',
  '\u4e2d\u6587',
  'a.b',
  '__proto__',
  'x'.repeat(300),
  'A@Example.com',
]
const metadataKeys = [
  'k',
  'usr.login',
  'usr.exists',
  'usr.id',
  'track',
  'a.b',
  '',
  '__proto__',
  'constructor',
  'usr',
  '\u4e2d',
  'sdk',
  'length',
]

function scalar(random) {
  return random.pick([
    random.pick(texts),
    random.pick(texts),
    0,
    7,
    -1.5,
    1e21,
    true,
    false,
    null,
    random.pick(oddNames),
  ])
}
export function anything(random, levels = 7) {
  if (levels === 0 || random.chance(0.45)) return scalar(random)
  const length = random.integer(4)
  if (random.chance(0.25)) return Array.from({ length }, () => anything(random, levels - 1))
  return Object.fromEntries(Array.from({ length }, () => [random.pick(metadataKeys), anything(random, levels - 1)]))
}
function user(random) {
  if (random.chance(0.15)) return anything(random)
  const made = {}
  if (random.chance(0.85)) made.id = random.chance(0.7) ? random.pick(texts) : scalar(random)
  for (const key of ['login', 'email', 'session_id', 'name', 'role', 'exists', 'n', 'a.b']) {
    if (random.chance(0.15)) made[key] = random.chance(0.6) ? random.pick(texts) : anything(random, 3)
  }
  return made
}
const metadata = (random) =>
  random.chance(0.7) ? { [random.pick(metadataKeys)]: anything(random), k: anything(random) } : anything(random)
const upTo = (random, all, least = 0) => all.slice(0, least + random.integer(all.length + 1 - least))

const calls = {
  setUser: (random) => [user(random)],
  isUserBlocked: (random) => [user(random)],
  blockRequest: () => [],
  blockGiven: () => [],
  trackUserLoginSuccessEvent: (random) => upTo(random, [user(random), metadata(random)]),
  trackUserLoginFailureEvent: (random) =>
    upTo(random, [
      random.chance(0.8) ? random.pick(texts) : anything(random),
      random.chance(0.7) ? random.chance(0.5) : anything(random),
      metadata(random),
    ]),
  trackCustomEvent: (random) =>
    upTo(random, [
      random.pick([
        'my.event',
        'users.login.success',
        'users.login.failure',
        'users.signup',
        '',
        7,
        null,
        'a b',
        '$boxed',
        'users.login.failure.sdk',
      ]),
      metadata(random),
    ]),
  success: (random) =>
    upTo(random, [
      random.chance(0.85) ? random.pick(texts) : anything(random),
      random.chance(0.4) ? random.pick([...texts, 7, 0, null, '$undefined']) : user(random),
      metadata(random),
    ]),
  failure: (random) =>
    upTo(random, [
      random.chance(0.85) ? random.pick(texts) : anything(random),
      random.chance(0.6) ? random.chance(0.5) : anything(random),
      metadata(random),
    ]),
  header: (random) => [
    random.pick(['x-secret', 'content-language', 'x-other', 'access-control-allow-origin']),
    random.pick(['stop-response', 'v', ['a', 'b']]),
  ],
  status: (random) => [random.pick([200, 201, 204, 400, 404, 418, 500, 503])],
  write: () => ['written '],
  later: () => [],
  ended: () => [],
}
const names = Object.keys(calls)
const loginNames = names.filter((name) => /^(?:is|set|track|success|failure)/.test(name))

/** One to three calls: `[name, ...arguments]`. */
export function randomScript(random) {
  return Array.from({ length: 1 + random.integer(3) }, () => {
    const name = random.chance(0.75) ? random.pick(loginNames) : random.pick(names)
    return [name, ...calls[name](random)]
  })
}
