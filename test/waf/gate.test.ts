import { describe, expect, test } from 'vitest'
import { compileRuleset } from '../../src/waf.ts'
import type { Addresses, Waf, WafContext } from '../../src/waf.ts'
import { randomRequest, textSource } from '../support/random-request.ts'
import { randomSource } from '../support/random-source.ts'
import { recommendedRuleset, withTypePerRule } from '../support/recommended-ruleset.ts'
import { comparable } from '../support/reference-waf.ts'
import { on, rule } from '../conformance/waf/case.ts'

/** More by `COUNT=100000 npx vitest run --config test/vitest.config.ts --root . test/waf/gate.test.ts`. */
const count = Number(process.env['COUNT'] ?? 600)
const seed = Number(process.env['SEED'] ?? 11)

/** Input filters for no rule close the gate of every address that they name: all values are then walked as trees. */
function withoutGate(ruleset: object): object {
  const addresses = [
    'server.request.query',
    'server.request.body',
    'server.request.path_params',
    'server.request.cookies',
    'server.request.uri.raw',
    'server.request.headers.no_cookies',
    'server.request.body.filenames',
    'grpc.server.request.message',
    'graphql.server.all_resolvers',
    'graphql.server.resolver',
    'http.client_ip',
    'usr.id',
  ]
  const inputs = addresses.map((address) => ({ address, key_path: ['no such key'] }))
  return { ...ruleset, exclusions: [{ id: 'closed', rules_target: [{ rule_id: 'no such rule' }], inputs }] }
}

const everyRule = withTypePerRule(recommendedRuleset)

test(
  `over ${count} random requests in two runs the gate changes no result`,
  () => {
    const gated = compileRuleset(everyRule)
    const walked = compileRuleset(withoutGate(everyRule))
    const random = randomSource(seed)
    const text = textSource(recommendedRuleset, random)
    let matched = 0
    for (let index = 0; index < count; index += 1) {
      const [first, second] = [randomRequest(text, random), randomRequest(text, random)]
      const run = (waf: Waf): unknown[] => {
        const context = waf.createContext()
        return [comparable(context.run({ persistent: first })), comparable(context.run({ ephemeral: second }))]
      }
      const results = run(gated)
      expect({ first, second, results }).toEqual({ first, second, results: run(walked) })
      if (JSON.stringify(results).includes('rule_matches')) matched += 1
    }
    expect(matched).toBeGreaterThan(count / 10)
  },
  60_000 + count * 40,
)

/** `needle` is the rarer condition, so the other is looked at only once it may match. */
const both = rule([
  on('match_regex', { regex: '^[a-z]+$' }, { address: 'common' }),
  on('match_regex', { regex: 'needle-in-haystack' }, { address: 'rare' }),
])

interface Scene {
  readonly says: string
  readonly runs: readonly ((context: WafContext) => { readonly matched: boolean })[]
  readonly matched: readonly boolean[]
}

const persistent =
  (addresses: Addresses) =>
  (context: WafContext): { readonly matched: boolean } =>
    context.run({ persistent: addresses })
const ephemeral =
  (addresses: Addresses) =>
  (context: WafContext): { readonly matched: boolean } =>
    context.run({ ephemeral: addresses })

const scenes: readonly Scene[] = [
  {
    says: 'in one run',
    runs: [persistent({ common: 'abc', rare: 'a needle-in-haystack' })],
    matched: [true],
  },
  {
    says: 'the common condition first',
    runs: [persistent({ common: 'abc' }), persistent({ rare: 'a needle-in-haystack' })],
    matched: [false, true],
  },
  {
    says: 'the rare condition first',
    runs: [persistent({ rare: 'a needle-in-haystack' }), persistent({ common: 'abc' })],
    matched: [false, true],
  },
  {
    says: 'a value that was replaced before it was looked at still counts',
    runs: [persistent({ common: 'abc' }), persistent({ common: '123' }), persistent({ rare: 'needle-in-haystack' })],
    matched: [false, false, true],
  },
  {
    says: 'a rare value that was replaced still counts, also where the one after it is as promising',
    runs: [
      persistent({ rare: 'needle-in-haystack' }),
      persistent({ rare: 'NEEDLE-IN-HAY STACK' }),
      persistent({ common: 'abc' }),
    ],
    matched: [false, false, true],
  },
  {
    says: 'a rare value in a list, and one below a key',
    runs: [persistent({ rare: ['x', { y: 'needle-in-haystack' }] }), persistent({ common: 'abc' })],
    matched: [false, true],
  },
  {
    says: 'an ephemeral value is forgotten',
    runs: [ephemeral({ rare: 'needle-in-haystack' }), persistent({ common: 'abc' })],
    matched: [false, false],
  },
  {
    says: 'an ephemeral value meets a persistent one',
    runs: [persistent({ common: 'abc' }), ephemeral({ rare: 'needle-in-haystack' })],
    matched: [false, true],
  },
  {
    says: 'nothing without the common condition',
    runs: [persistent({ common: '123' }), persistent({ rare: 'needle-in-haystack' })],
    matched: [false, false],
  },
]

test('an event shows the value that matched first, whatever comes in its place', () => {
  const route = on('match_regex', { regex: 'needle-in-haystack' }, { address: 'rare', key_path: ['below'] })
  const context = compileRuleset({
    version: '2.2',
    rules: [both, rule([route], { id: 'other', type: 't2' })],
  }).createContext()
  context.run({ persistent: { rare: 'needle-in-haystack' } })
  // The second rule reads below a key, so that this one is walked as a tree.
  context.run({ persistent: { rare: { below: 'needle-in-haystack twice' } } })
  const { events } = context.run({ persistent: { common: 'abc' } })
  expect(events).toMatchObject([
    { rule_matches: [{ parameters: [{ value: 'abc' }] }, { parameters: [{ value: 'needle-in-haystack' }] }] },
  ])
})

describe('a rule of two conditions holds whatever comes first', () => {
  test.each(scenes)('$says', ({ runs, matched }) => {
    const context = compileRuleset({ version: '2.2', rules: [both] }).createContext()
    expect(runs.map((run) => run(context).matched)).toEqual(matched)
  })
  test('also where a subcontext finds the rare one and the parent the common one', () => {
    const context = compileRuleset({ version: '2.2', rules: [both] }).createContext()
    const child = context.createSubcontext()
    expect(child.run({ persistent: { rare: 'needle-in-haystack' } }).matched).toBe(false)
    expect(context.run({ persistent: { common: 'abc' } }).matched).toBe(false)
    expect(child.run({ persistent: { other: 1, rare: 'no needle' } }).matched).toBe(true)
  })
  test('every scene ran', () => expect(scenes.length).toBe(9))
})

describe('headers that were clean before', () => {
  const waf = compileRuleset({
    version: '2.2',
    rules: [
      rule([on('match_regex', { regex: 'needle-in-haystack' }, { address: 'server.request.headers.no_cookies' })]),
      {
        ...rule([
          on(
            'match_regex',
            { regex: 'forbidden-agent' },
            { address: 'server.request.headers.no_cookies', key_path: ['user-agent'] },
          ),
        ]),
        id: 'agents',
      },
    ],
  })
  const isMatched = (headers: object): boolean =>
    waf.createContext().run({ persistent: { 'server.request.headers.no_cookies': headers } }).matched
  const cases: readonly { readonly says: string; readonly headers: object; readonly matched: boolean }[] = [
    { says: 'stay clean', headers: { host: 'a', 'user-agent': 'forbidden' }, matched: false },
    { says: 'match with another value', headers: { host: 'needle-in-haystack', 'user-agent': 'b' }, matched: true },
    { says: 'match behind a clean one', headers: { host: 'a', 'user-agent': 'forbidden-agent' }, matched: true },
    { says: 'are clean where no rule reads them', headers: { host: 'forbidden-agent', accept: 'c' }, matched: false },
    { says: 'match where one does', headers: { accept: 'c', 'user-agent': 'forbidden-agent' }, matched: true },
    { says: 'match in another order', headers: { 'user-agent': 'b', host: 'needle-in-haystack' }, matched: true },
    { says: 'match as a list', headers: { host: ['a', 'needle-in-haystack'] }, matched: true },
    { says: 'match as a key of nothing', headers: { host: { 'user-agent': 'needle-in-haystack' } }, matched: true },
  ]
  test.each(cases)('$says', ({ headers, matched }) => {
    for (let round = 0; round < 3; round += 1) {
      expect(isMatched({ host: 'a', 'user-agent': 'b' })).toBe(false)
      expect(isMatched(headers)).toBe(matched)
    }
  })
  test('are forgotten when more come than are remembered', () => {
    const few = compileRuleset(recommendedRuleset, { limits: { maxCleanTexts: 4 } })
    for (let index = 0; index < 50; index += 1) {
      const run = (headers: object): boolean =>
        few.createContext().run({ persistent: { 'server.request.headers.no_cookies': headers } }).matched
      expect(run({ [`x-${index}`]: `${index}`, [`y-${index}`]: 'same' })).toBe(false)
      expect(run({ [`x-${index}`]: `${index}`, 'user-agent': 'sqlmap/1.0' })).toBe(true)
    }
  })
  test('every case ran', () => expect(cases.length).toBe(8))
})

test('a processor sees what came to the parent after the subcontext had its part', () => {
  const endpoint = {
    id: 'endpoint',
    generator: 'http_endpoint_fingerprint',
    conditions: [],
    parameters: {
      mappings: [
        {
          method: [{ address: 'method' }],
          uri_raw: [{ address: 'uri' }],
          query: [{ address: 'query' }],
          body: [{ address: 'body' }],
          output: 'fingerprint',
        },
      ],
    },
    evaluate: false,
    output: true,
  }
  const parent = compileRuleset({ version: '2.2', rules: [both], processors: [endpoint] }).createContext()
  const child = parent.createSubcontext()
  expect(child.run({ persistent: { method: 'GET' } }).attributes).toEqual({})
  expect(parent.run({ persistent: { uri: '/a' } }).attributes).toEqual({})
  expect(child.run({ persistent: { common: 'abc' } }).attributes).toHaveProperty('fingerprint')
})

test('a parameter is the one that the request brought, also when the application changed it since', () => {
  const waf = compileRuleset({
    version: '2.2',
    rules: [
      rule([
        {
          operator: 'lfi_detector',
          parameters: { resource: [{ address: 'server.io.fs.file' }], params: [{ address: 'server.request.body' }] },
        },
      ]),
    ],
  })
  const body: { file?: string; list: string[] } = { file: '../../etc/passwd', list: ['/var/lib/x'] }
  const context = waf.createContext()
  context.run({ persistent: { 'server.request.body': body } })
  delete body.file
  body.list.length = 0
  expect(context.run({ ephemeral: { 'server.io.fs.file': 'public/../../etc/passwd' } }).matched).toBe(true)
  expect(context.run({ ephemeral: { 'server.io.fs.file': '/var/lib/x' } }).matched).toBe(true)
})

/** Of ordinary words, so that nothing is rare: the route is asked first, the others only where it matches. */
const onLoginRoute = [
  on('match_regex', { regex: '^POST$' }, { address: 'method' }),
  on('match_regex', { regex: '/(?:login|account)$' }, { address: 'uri' }),
]
const routeWithoutOrigin = rule([...onLoginRoute, on('!exists', {}, { address: 'headers', key_path: ['origin'] })])
const bare = { headers: { host: 'example.com' } }
const login = { method: 'POST', uri: '/login' }

describe('a rule on a route and a missing header holds whatever comes first', () => {
  test.each<Scene>([
    { says: 'in one run', runs: [persistent({ ...login, ...bare })], matched: [true] },
    { says: 'the route first', runs: [persistent(login), persistent(bare)], matched: [false, true] },
    { says: 'the headers first', runs: [persistent(bare), persistent(login)], matched: [false, true] },
    {
      says: 'ephemeral headers of a later run',
      runs: [persistent(login), ephemeral(bare), ephemeral(bare)],
      matched: [false, true, true],
    },
    { says: 'not with the header', runs: [persistent({ ...login, headers: { origin: 'null' } })], matched: [false] },
    { says: 'not on another route', runs: [persistent({ ...login, ...bare, uri: '/cart' })], matched: [false] },
    { says: 'not by another method', runs: [persistent({ ...login, ...bare, method: 'GET' })], matched: [false] },
  ])('$says', ({ runs, matched }) => {
    const context = compileRuleset({ version: '2.2', rules: [routeWithoutOrigin] }).createContext()
    expect(runs.map((run) => run(context).matched)).toEqual(matched)
  })
  const onStatus = {
    ...rule([...onLoginRoute, on('match_regex', { regex: '^404$' }, { address: 'status' })]),
    id: 'status',
    tags: { type: 'status' },
  }
  const onNote = { ...rule([on('match_regex', { regex: 'needle' }, { address: 'note' })]), id: 'note' }
  const waf = compileRuleset({ version: '2.2', rules: [routeWithoutOrigin, onStatus, onNote] })
  test('also when what another rule waits for came in between', () => {
    const context = waf.createContext()
    const runs = [login, { status: '200' }, bare, { status: '404' }]
    const found = runs.map((one) => context.run({ persistent: one }).events.map((event) => event.rule.id))
    expect(found).toEqual([[], [], ['r1'], [onStatus.id]])
  })
  test('also when the headers came to the parent after the subcontext had the route', () => {
    const parent = waf.createContext()
    const child = parent.createSubcontext()
    expect(child.run({ persistent: login }).matched).toBe(false)
    expect(parent.run({ persistent: bare }).matched).toBe(false)
    expect(child.run({ persistent: { note: 'hay' } }).matched).toBe(true)
  })
})

test('a rule on a route and on two headers says the same of any headers, whether they were walked or not', () => {
  const random = randomSource(seed)
  const conditionOn = (key: string): object =>
    on(
      random.pick(['exists', '!exists', 'match_regex', '!match_regex']),
      { regex: random.pick(['^x', 'hay|needle', '']) },
      {
        address: 'headers',
        key_path: [key],
        ...(random.chance(0.2) ? { transformers: ['lowercase'] } : {}),
      },
    )
  const headers = (): object => {
    const made: Record<string, unknown> = {}
    for (const key of ['a', 'b', 'c'])
      if (random.chance(0.7))
        made[key] = random.pick(['x', 'needle', 'XL', '', 5, null, undefined, ['x', 'hay'], { a: 'x' }])
    return made
  }
  let matched = 0
  for (let index = 0; index < 400; index += 1) {
    const conditions = [conditionOn('a'), conditionOn('b'), ...onLoginRoute]
    const ruleset = { version: '2.2', rules: [rule(conditions)] }
    const closed = {
      ...ruleset,
      exclusions: [
        { id: 'closed', rules_target: [{ rule_id: 'none' }], inputs: [{ address: 'headers', key_path: ['none'] }] },
      ],
    }
    const runs = [
      { ...login, headers: headers() },
      random.chance(0.5) ? { headers: headers() } : login,
      { body: 'x', headers: headers() },
    ]
    const results = [ruleset, closed].map((one) => {
      const context = compileRuleset(one).createContext()
      return runs.map((persistent) => comparable(context.run({ persistent })))
    })
    expect({ conditions, runs, results: results[0] }).toEqual({ conditions, runs, results: results[1] })
    if (JSON.stringify(results).includes('rule_matches')) matched += 1
  }
  expect(matched).toBeGreaterThan(40)
  expect(matched).toBeLessThan(360)
})

test('what a query parser makes, without any prototype to its prototype, is judged as an ordinary object is', () => {
  const waf = compileRuleset({
    version: '2.2',
    rules: [rule([on('match_regex', { regex: 'needle' }, { address: 'query' })])],
  })
  const parsed = (entries: object): object => Object.assign(Object.create(Object.create(null)), entries)
  const events = (query: object): unknown => waf.createContext().run({ persistent: { query } }).events
  expect(events(parsed({ a: ['hay', 'needle'] }))).toEqual(events({ a: ['hay', 'needle'] }))
  expect(events(parsed({ a: 'hay' }))).toEqual([])
})
