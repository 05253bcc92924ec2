import type { RandomSource } from './random-source.ts'

/**
 * Random rulesets and what to run through them, small and of few words, so that they meet.
 *
 * What is known to differ is not made, each with a case of its own in test/conformance/waf: several rules of one type or
 * blocking rules of one module, more than two overrides (the reference takes them in hash order), `keys_only` and `values_only` before an input without
 * transformers, `base64_encode` of bytes that are no UTF-8, whole numbers, key paths with indices, texts of which another `is_sqli` reading is known.
 */
export interface RandomCase {
  readonly ruleset: Readonly<Record<string, unknown>>
  readonly steps: readonly RandomStep[]
}
export interface RandomStep {
  readonly persistent?: Readonly<Record<string, unknown>>
  readonly ephemeral?: Readonly<Record<string, unknown>>
}

const addresses = ['a', 'b', 'c', 'd'] as const
/** Given in every first run: the reference does not wait for an address of which it wants what is at a key path. */
const FIRST = 'a'
const keys = ['k', 'l', 'K', '0', 'abc', '*', 'x'] as const
const words = [
  ['abc', 'ABC', 'ab', 'x', 'xyz', 'k', 'a b', 'Foo', 'abc,abc', '', 'é', 'ſ', 'a\u0000b', 'ＡＢＣ', 'a\u{e0041}'],
  ['10.0.0.1', '10.1.2.3', '::1', '%61bc', '%2561bc', 'abc/../x', '/etc/passwd', '../x', 'YWJj', 'eHl6', '"abc"'],
  ["1' or '1'='1", '<script>', 'a&#98;c', 'a/*x*/bc', 'a\\x62c', 'a^b^c', '/x/abc?foo#x', '4111111111111111'],
].flat()
const transformers = [
  ['lowercase', 'remove_nulls', 'compress_whitespace', 'normalize_path', 'normalizePathWin', 'url_decode'],
  ['urlDecodeUni', 'css_decode', 'js_decode', 'html_entity_decode', 'base64_decode', 'base64url_decode'],
  ['cmdLine', 'url_basename', 'url_path', 'url_querystring', 'removeComments', 'unicode_normalize'],
].flat()
const regexes = [
  ['abc', '^abc$', 'a.c', '[a-z]b', 'foo|x', 'k', '\\babc', '^$', '(?:ab)+c', 'é', 'oo', '^[a-z]{3}$', '^/etc'],
  ['b\\b', 'abc(?:,abc)?', '^a.$', '%', '[/<]'],
].flat()
/** Actions that filters put in the place of a rule's own; the reference takes an unknown one for one that blocks. */
const filterActions: readonly string[] = ['block', 'act']
const modules = [
  ['network-acl', 'authentication-acl', 'custom-acl', 'configuration', 'business-logic', 'rasp'],
  ['waf', 'waf', undefined, undefined],
].flat()
const resources = [
  '/etc/passwd',
  '/var/../etc/passwd',
  '../x',
  'http://10.0.0.1/abc',
  'ls; abc ../x',
  'abc',
  'Bearer eyJhIjoxfQ.eyJrIjoiYWJjIn0.c',
] as const
const future = 4_000_000_000

/** Makes one case. */
export function randomCase(random: RandomSource): RandomCase {
  const ruleset = new RulesetMaker(random).ruleset()
  const given = new Set<string>()
  const steps = times(1 + random.integer(3), () => randomStep(random, given))
  // The reference keeps what processors made of ephemeral data, and looks at an address once.
  if ('processors' in ruleset) return { ruleset, steps: steps.map(withoutEphemeral) }
  // It looks no further at a type once a rule of it, with an action of a filter, matched ephemeral data.
  if (hasFilterAction(ruleset))
    return { ruleset, steps: [...steps.slice(0, -1).map(withoutEphemeral), ...steps.slice(-1)] }
  return { ruleset, steps }
}

function withoutEphemeral({ persistent = {} }: RandomStep): RandomStep {
  return { persistent }
}

function hasFilterAction({
  exclusions = [],
}: {
  readonly exclusions?: readonly { readonly on_match?: string }[]
}): boolean {
  return exclusions.some(({ on_match }) => on_match !== undefined && filterActions.includes(on_match))
}

function randomStep(random: RandomSource, given: Set<string>): RandomStep {
  const data = (): [string, unknown] =>
    random.chance(0.15) ? ['r', random.pick(resources)] : [random.pick(addresses), randomValue(random, 3)]
  // A value that no rule has looked at yet is another matter when its address is given again.
  const drawn = times(1 + random.integer(3), data)
  if (given.size === 0) drawn.push([FIRST, randomValue(random, 3)])
  const fresh = drawn.filter(([name]) => !given.has(name))
  for (const [name] of fresh) given.add(name)
  const ephemeral = Object.fromEntries(times(1 + random.integer(2), data))
  if (fresh.length === 0) return { ephemeral }
  return { persistent: Object.fromEntries(fresh), ...(random.chance(0.3) ? { ephemeral } : {}) }
}

function randomValue(random: RandomSource, depth: number): unknown {
  if (depth > 0 && random.chance(0.2)) return times(random.integer(4), () => randomValue(random, depth - 1))
  if (depth > 0 && random.chance(0.3))
    return Object.fromEntries(times(random.integer(4), () => [random.pick(keys), randomValue(random, depth - 1)]))
  return random.chance(0.8) ? random.pick(words) : random.pick([0.5, 1.5, 2.25, -3.5, true, false, null])
}

class RulesetMaker {
  readonly #random: RandomSource
  readonly #blocking = new Set<string>()

  constructor(random: RandomSource) {
    this.#random = random
  }

  ruleset(): Record<string, unknown> {
    const random = this.#random
    const all = times(2 + random.integer(5), (index) => this.#rule(index))
    const split = random.chance(0.6) ? all.length : 1 + random.integer(all.length)
    const lists = [
      { id: 's1', type: 'data_with_expiration', data: [{ value: 'abc' }, { value: 'x', expiration: 1 }] },
      { id: 's2', type: 'data_with_expiration', data: [{ value: 'Foo', expiration: future }] },
      { id: 'i1', type: 'ip_with_expiration', data: [{ value: '10.0.0.0/8' }] },
      {
        id: 'i2',
        type: 'ip_with_expiration',
        data: [
          { value: '::1', expiration: 1 },
          { value: '10.0.0.1', expiration: future },
        ],
      },
    ]
    return {
      version: '2.2',
      // Reads every address: one that only filters read has the reference evaluate nothing.
      rules: [...all.slice(0, split), everyAddress],
      custom_rules: all.slice(split),
      rules_data: lists,
      exclusion_data: lists,
      actions: [
        { id: 'act', type: 'block_request', parameters: { status_code: '418', type: 'json' } },
        { id: 'redirect', type: 'redirect_request', parameters: { location: '/x', status_code: 302 } },
        { id: 'page', type: 'page_someone', parameters: { who: '1' } },
      ],
      ...(random.chance(0.35)
        ? { exclusions: times(1 + random.integer(2), (index) => this.#exclusion(index, all.length)) }
        : {}),
      ...(random.chance(0.25)
        ? { rules_override: times(1 + random.integer(2), (index) => this.#override(index, all.length)) }
        : {}),
      ...(random.chance(0.2) ? { processors: [this.#processor()], scanners } : {}),
    }
  }

  #rule(index: number): object {
    const random = this.#random
    const module = random.pick(modules)
    const tags = {
      type: `t${index}`,
      category: random.pick(['c1', 'c2']),
      ...(module === undefined ? {} : { module }),
      ...(random.chance(0.3) ? { confidence: '1' } : {}),
    }
    const attributes = times(1 + random.integer(2), (at): [string, object] => [
      `at${index}${at}`,
      random.chance(0.4)
        ? { value: random.pick(['v', 0.5, true]) }
        : random.chance(0.75)
          ? { address: random.pick(addresses) }
          : { address: FIRST, key_path: ['k'] },
    ])
    const keep = random.chance(0.3) ? { keep: false } : {}
    return {
      id: `r${index}`,
      name: `n${index}`,
      tags,
      conditions: times(random.chance(0.3) ? 2 + random.integer(2) : 1, () => this.#condition()),
      ...(random.chance(0.4) ? { transformers: this.#transformers() } : {}),
      ...this.#onMatch(module ?? 'waf'),
      ...(random.chance(0.05) ? { enabled: false } : {}),
      ...(random.chance(0.3) ? { output: { ...keep, attributes: Object.fromEntries(attributes) } } : {}),
    }
  }

  #onMatch(module: string): object {
    const random = this.#random
    if (!this.#blocking.has(module) && random.chance(0.35)) {
      this.#blocking.add(module)
      return { on_match: [random.pick(['block', 'act', 'redirect']), ...(random.chance(0.3) ? ['stack_trace'] : [])] }
    }
    if (random.chance(0.8)) return {}
    return { on_match: [random.pick(['stack_trace', 'nowhere', 'extract_schema', 'monitor', 'page'])] }
  }

  #condition(): object {
    const random = this.#random
    const isNegated = random.chance(0.25)
    return this.#withInputs(isNegated, random.pick(isNegated ? negatable : conditions)(random))
  }

  #withInputs(isNegated: boolean, [operator, parameters]: ReturnType<ConditionMaker>): object {
    const random = this.#random
    if (operator.endsWith('_detector')) {
      const params = times(1 + random.integer(2), () => ({ address: random.pick(addresses) }))
      return { operator, parameters: { resource: [{ address: 'r' }], params, ...parameters } }
    }
    const inputs = times(isNegated ? 1 : 1 + random.integer(2), () => this.#input())
    const last = inputs.at(-1)
    if (last !== undefined && random.chance(0.1))
      last['transformers'] = [random.pick(['keys_only', 'values_only']), ...this.#transformers()]
    return { operator: `${isNegated ? '!' : ''}${operator}`, parameters: { inputs, ...parameters } }
  }

  #input(): Record<string, unknown> {
    const random = this.#random
    const named = keys.filter((key) => key !== '*')
    return {
      address: random.pick(addresses),
      ...(random.chance(0.3) ? { key_path: times(1 + random.integer(2), () => random.pick(named)) } : {}),
      ...(random.chance(0.25) ? { transformers: this.#transformers() } : {}),
    }
  }

  #transformers(): string[] {
    return times(this.#random.integer(3), () => this.#random.pick(transformers))
  }

  #target(rules: number): object {
    const random = this.#random
    if (random.chance(0.6)) return { rule_id: `r${random.integer(rules + 1)}` }
    const tags = [{ category: 'c1' }, { confidence: '1' }, { category: 'c2', confidence: '1' }, { type: 't1' }, {}]
    return { tags: random.pick([...tags, { added: 'y' }]) }
  }

  #exclusion(index: number, rules: number): object {
    const random = this.#random
    const isTargeted = random.chance(0.7)
    const exclusion = {
      id: `e${index}`,
      ...(isTargeted ? { rules_target: times(1 + random.integer(2), () => this.#target(rules)) } : {}),
      ...(!isTargeted || random.chance(0.5)
        ? { conditions: times(random.chance(0.2) ? 2 : 1, () => this.#condition()) }
        : {}),
    }
    // Two paths of which one leads through the other differ, so the second is on another address.
    if (random.chance(0.5)) {
      const inputs = times(1 + random.integer(2), (at) => ({
        address: random.pick(at === 0 ? ['a', 'b'] : ['c', 'd']),
        ...(random.chance(0.7) ? { key_path: times(1 + random.integer(2), () => random.pick(keys)) } : {}),
      }))
      return { ...exclusion, inputs }
    }
    if (random.chance(0.4)) return exclusion
    // One rule at a time: several that are made to block would be taken in hash order.
    if (index === 0 && random.chance(0.5))
      return {
        ...exclusion,
        rules_target: [{ rule_id: `r${random.integer(rules)}` }],
        on_match: random.pick(filterActions),
      }
    return { ...exclusion, on_match: random.pick(['bypass', 'monitor']) }
  }

  #override(index: number, rules: number): object {
    const random = this.#random
    const target = random.chance(0.5) ? { rule_id: `r${random.integer(rules)}` } : { tags: { category: 'c1' } }
    const isEnabled = random.chance(0.5)
    return {
      rules_target: [target],
      ...(random.chance(0.4)
        ? { tags: { added: random.pick(['x', 'y']), [`tag${index}`]: 'z', type: 'zz' } }
        : { enabled: isEnabled }),
      ...(random.chance(0.3) ? { on_match: [random.pick(['monitor', 'extract_schema', 'nowhere'])] } : {}),
    }
  }

  #processor(): object {
    const random = this.#random
    const input = (): object[] => [{ address: random.pick(addresses) }]
    const text = [{ address: 'r' }]
    const [generator, inputs] = random.pick<readonly [string, object]>([
      ['extract_schema', { inputs: input() }],
      ['jwt_decode', { inputs: text }],
      ['uri_parse', { inputs: text }],
      ['session_fingerprint', { cookies: input(), session_id: text, user_id: text }],
      ['http_endpoint_fingerprint', { method: text, uri_raw: text, query: input(), body: input() }],
      ['http_header_fingerprint', { headers: input() }],
      ['http_network_fingerprint', { headers: input() }],
    ])
    return {
      id: 'p1',
      generator,
      ...(random.chance(0.4)
        ? { conditions: [this.#withInputs(random.chance(0.3), random.pick(withoutLists)(random))] }
        : {}),
      parameters: {
        mappings: [{ ...inputs, output: 'made' }],
        ...(generator === 'extract_schema' ? { scanners: [{ tags: { category: 'pii' } }] } : {}),
      },
      evaluate: random.chance(0.5),
      output: true,
    }
  }
}

const everyAddress = {
  id: 'every-address',
  name: 'every-address',
  tags: { type: 'every-address', category: 'c3' },
  conditions: [
    {
      operator: 'exact_match',
      parameters: { list: ['never given'], inputs: [...addresses, 'r', 'made'].map((address) => ({ address })) },
    },
  ],
}

const scanners = [
  {
    id: 'sc1',
    tags: { category: 'pii', type: 'k' },
    key: { operator: 'match_regex', parameters: { regex: '^k$' } },
    value: { operator: 'exact_match', parameters: { list: ['abc', 'x'] } },
  },
  { id: 'sc2', tags: { category: 'pii', type: 'l' }, key: { operator: 'match_regex', parameters: { regex: 'l' } } },
]

type ConditionMaker = (random: RandomSource) => readonly [operator: string, parameters: object]

const fractions = { type: 'float', value: 1.25 }

/** Conditions that ask no live list: those of processors cannot, in the reference. */
const withoutLists: readonly ConditionMaker[] = [
  (random) => ['match_regex', regexParameters(random)],
  (random) => ['match_regex_with_checksum', { ...regexParameters(random), checksum: 'luhn' }],
  (random) => ['phrase_match', { list: times(1 + random.integer(2), () => random.pick(['abc', 'x', 'oo', 'etc'])) }],
  (random) => ['exact_match', { list: times(1 + random.integer(3), () => random.pick(words)) }],
  (random) => ['ip_match', { list: [random.pick(['10.0.0.0/8', '10.0.0.1', '::/0', '::1', '1.2.3.4'])] }],
  (random) => [
    'equals',
    random.pick([
      { type: 'string', value: random.pick(words) },
      { type: 'boolean', value: true },
      { type: 'float', value: 1.5 },
      { type: 'float', value: 1.25, delta: 0.3 },
    ]),
  ],
  () => ['exists', {}],
]
const negatable: readonly ConditionMaker[] = [
  ...withoutLists,
  (random) => ['exact_match', { data: random.pick(['s1', 's2', 'nowhere']) }],
  (random) => ['ip_match', { data: random.pick(['i1', 'i2', 'nowhere']) }],
]
const conditions: readonly ConditionMaker[] = [
  ...negatable,
  (random) => ['match_regex', regexParameters(random)],
  (random) => ['match_regex', regexParameters(random)],
  () => ['greater_than', fractions],
  () => ['lower_than', fractions],
  () => ['is_sqli', {}],
  () => ['is_xss', {}],
  () => ['hidden_ascii_match', {}],
  () => ['lfi_detector', {}],
  () => ['ssrf_detector', {}],
  () => ['shi_detector', {}],
]

function regexParameters(random: RandomSource): object {
  const options = {
    ...(random.chance(0.5) ? { case_sensitive: random.chance(0.5) } : {}),
    ...(random.chance(0.5) ? { min_length: random.integer(5) } : {}),
  }
  return { regex: random.pick(regexes), ...(random.chance(0.4) ? { options } : {}) }
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
