import { describe, expect, test } from 'vitest'
import { compileRuleset } from '../../../src/waf.ts'
import type { SectionDiagnostics } from '../../../src/waf.ts'
import type { RulesetSection } from '../../../src/model/ruleset.ts'
import { referenceRun, referenceWaf } from '../../support/reference-waf.ts'
import { on, rule } from './case.ts'

type Outcome = 'loaded' | 'failed' | 'unknown' | 'skipped'

/** An item of a section and what becomes of it: `unknown` is failed with a warning rather than an error. */
interface ItemCase {
  readonly section: RulesetSection
  readonly item: object
  readonly says: string
  readonly outcome: Outcome
  /** What the reference does instead, and why ours does not. */
  readonly reference?: Outcome
}

type Change = Readonly<Record<string, unknown>>
/** The fields that an item has instead; undefined: it does not have the field. */
type Pair = readonly [change: Change, outcome: Outcome, reference?: Outcome]

const abc = on('match_regex', { regex: 'abc' })
const mapping = (change: Change): Change => ({ mappings: [{ inputs: [{ address: 'a' }], output: 'o', ...change }] })

/** An item of each section that can be used as it stands. */
const usable: Readonly<Record<string, object>> = {
  rules: rule([abc], { id: 'x' }),
  custom_rules: rule([abc], { id: 'x' }),
  exclusions: { id: 'x', rules_target: [{ rule_id: 'good' }] },
  rules_override: { rules_target: [{ rule_id: 'good' }], enabled: true },
  actions: { id: 'x', type: 'block_request', parameters: { status_code: 403 } },
  rules_data: { id: 'x', type: 'ip_with_expiration', data: [{ value: '1.1.1.1' }] },
  exclusion_data: { id: 'x', type: 'data_with_expiration', data: [{ value: 'y' }] },
  processors: { id: 'x', generator: 'extract_schema', parameters: mapping({}), evaluate: false, output: true },
  processor_overrides: { target: [{ id: 'p' }], scanners: { include: [{ id: 's' }], exclude: [] } },
  scanners: { id: 'x', tags: { type: 't' }, key: { operator: 'match_regex', parameters: { regex: 'a' } } },
}

function items(section: RulesetSection, pairs: readonly Pair[]): ItemCase[] {
  return pairs.map(([change, outcome, reference]) => {
    const item = JSON.parse(JSON.stringify({ ...usable[section], ...change })) as object
    const absent = Object.keys(change).filter((name) => change[name] === undefined)
    const says = `${JSON.stringify(change)}${absent.map((name) => `, no ${name}`).join('')}`.slice(0, 160)
    return { section, item, says, outcome, ...(reference === undefined ? {} : { reference }) }
  })
}

const condition = (parameters: Change, operator = 'match_regex'): Change => ({
  conditions: [{ operator, parameters: { inputs: [{ address: 'a' }], regex: 'a', ...parameters } }],
})
const input = (more: Change): Change => condition({ inputs: [{ address: 'a', ...more }] })
const attribute = (more: unknown): Change => ({ output: { attributes: { x: more } } })
const exploit = (more: Change, operator = 'lfi_detector'): Change =>
  condition(
    { resource: [{ address: 'r' }], params: [{ address: 'a' }], db_type: [{ address: 'd' }], ...more },
    operator,
  )
const many = (length: number, item: string): string[] => Array.from({ length }, () => item)

const versions: readonly Pair[] = [
  [{ min_version: '1.30.1' }, 'loaded'],
  [{ min_version: '1.30.2' }, 'skipped'],
  [{ min_version: '2.0.0' }, 'skipped'],
  [{ min_version: '1.30.1-beta' }, 'loaded'],
  [{ max_version: '1.30.1' }, 'loaded'],
  [{ max_version: '1.30.0' }, 'skipped'],
  [{ min_version: '1.31' }, 'failed'],
  [{ min_version: '1' }, 'failed'],
  [{ min_version: 'v1.0.0' }, 'failed'],
  [{ min_version: '1.0.0.0' }, 'failed'],
  [{ max_version: '' }, 'failed'],
  [{ min_version: 1 }, 'failed'],
  [{ min_version: null }, 'failed'],
]

const rules: readonly Pair[] = [
  ...versions,
  [{}, 'loaded'],
  [{ id: undefined }, 'failed'],
  [{ id: undefined, min_version: '9.0.0' }, 'failed'],
  [{ id: null }, 'failed'],
  [{ id: 5 }, 'loaded'],
  [{ id: true }, 'loaded'],
  [{ name: undefined }, 'failed'],
  [{ name: null }, 'failed'],
  [{ name: 5 }, 'loaded'],
  [{ tags: undefined }, 'failed'],
  [{ tags: [] }, 'failed'],
  [{ tags: { category: 'c' } }, 'failed'],
  [{ tags: { type: 5 } }, 'loaded'],
  [{ tags: { type: 't', n: 1.5, b: true } }, 'loaded'],
  [{ tags: { type: 't', x: null } }, 'failed'],
  [{ tags: { type: 't', x: ['a'] } }, 'failed'],
  [{ conditions: undefined }, 'failed'],
  [{ conditions: [] }, 'failed'],
  [{ conditions: {} }, 'failed'],
  [{ conditions: [null] }, 'failed'],
  [{ conditions: [{ operator: 'match_regex' }] }, 'failed'],
  [{ conditions: [{ parameters: {} }] }, 'failed'],
  [{ transformers: null }, 'failed'],
  [{ transformers: 'lowercase' }, 'failed'],
  [{ transformers: [5] }, 'unknown', 'failed'],
  [{ transformers: ['Lowercase'] }, 'unknown'],
  [{ transformers: many(10, 'lowercase') }, 'loaded'],
  [{ transformers: many(11, 'lowercase') }, 'failed'],
  [{ transformers: [...many(10, 'lowercase'), 'keys_only'] }, 'failed'],
  [{ on_match: [] }, 'loaded'],
  [{ on_match: [5] }, 'loaded'],
  [{ on_match: null }, 'failed'],
  [{ on_match: 'block' }, 'failed'],
  [{ enabled: 'false' }, 'loaded'],
  [{ enabled: 'TRUE' }, 'loaded'],
  [{ enabled: 'no' }, 'failed'],
  [{ enabled: 1 }, 'failed'],
  [{ enabled: null }, 'failed'],
  [{ output: null }, 'failed'],
  [{ output: {} }, 'loaded'],
  [{ output: { event: false } }, 'failed'],
  [{ output: { event: 'false' } }, 'failed'],
  [{ output: { event: false, attributes: {} } }, 'failed'],
  [{ output: { event: false, attributes: { x: { value: 1 } } } }, 'loaded'],
  [{ output: { keep: 'x' } }, 'failed'],
  [attribute(null), 'failed'],
  [attribute({}), 'failed'],
  [attribute({ value: [] }), 'failed'],
  [attribute({ value: null }), 'failed'],
  [attribute({ value: 1, address: 'a' }), 'loaded'],
  [attribute({ address: 'a', key_path: [''] }), 'loaded'],
  [attribute({ address: 'a', key_path: many(40, 'k') }), 'loaded'],
  [attribute({ address: 'a', key_path: 'k' }), 'failed'],
  [attribute({ address: 'a', transformers: ['nope'] }), 'unknown', 'loaded'],
  [condition({ inputs: [] }), 'failed'],
  [condition({ inputs: null }), 'failed'],
  [condition({ inputs: ['a'] }), 'failed'],
  [condition({ inputs: [{}] }), 'failed'],
  [input({ address: '' }), 'failed'],
  [input({ key_path: null }), 'failed'],
  [input({ key_path: [''] }), 'failed'],
  [input({ key_path: many(20, 'k') }), 'loaded'],
  [input({ key_path: many(21, 'k') }), 'failed'],
  [input({ transformers: null }), 'failed'],
  [input({ transformers: ['nope'] }), 'unknown'],
  [condition({ regex: 5 }), 'loaded'],
  [condition({ regex: null }), 'failed'],
  [condition({ regex: '' }), 'loaded'],
  ...[
    '(',
    '(?=a)',
    '\\1',
    'a{1001}',
    '(?:a{1000}){1000}',
    'a**',
    '[a',
    '\\u0041',
    '\\cA',
    '[\\x{110000}]',
    '\\x{110000}',
    '\\Z',
    '(?x) a',
    '(?>a)',
    'a|*',
    '\\',
    '\\p{Script=Greek}',
  ].map((regex): Pair => [condition({ regex }), 'failed']),
  ...[
    'a{1000}',
    '\\pL',
    '\\p{Greek}',
    '(?P<x>a)',
    '[[:alpha:]]',
    '\\C',
    '\\z\\A',
    '\\Q+\\u\\E',
    '\\x{10FFFF}',
    '(?s).',
    '(?U)a+',
    'x{,5}',
    '[]a]',
    '\\07',
    '()',
    '|',
    '\\\\u',
  ].map((regex): Pair => [condition({ regex }), 'loaded']),
  [condition({ regex: '(?<x>a)' }), 'loaded', 'failed'],
  // RE2 by itself takes 8 MiB for a pattern, the reference 512 KiB.
  [condition({ regex: '\\pL{100}' }), 'loaded', 'failed'],
  [condition({ regex: '\\pL{1000}' }), 'failed'],
  [condition({ options: null }), 'failed'],
  [condition({ options: [] }), 'failed'],
  [condition({ options: { min_length: '5' } }), 'loaded'],
  [condition({ options: { min_length: -1 } }), 'failed'],
  [condition({ options: { min_length: 1.5 } }), 'failed'],
  [condition({ options: { min_length: 'x' } }), 'failed'],
  [condition({ options: { case_sensitive: 1 } }), 'failed'],
  [condition({ options: { zork: 1 } }), 'loaded'],
  ...([[], [''], ['a', '']] as const).map((list): Pair => [condition({ list }, 'phrase_match'), 'loaded']),
  ...([[5], [true], [null], 'a', null] as const).map((list): Pair => [condition({ list }, 'phrase_match'), 'failed']),
  [condition({ list: ['a'], options: { enforce_word_boundary: 'true' } }, 'phrase_match'), 'loaded'],
  [condition({ list: ['a'], options: { enforce_word_boundary: 'x' } }, 'phrase_match'), 'failed'],
  [condition({ list: [] }, 'exact_match'), 'loaded'],
  [condition({ list: [5, true] }, 'exact_match'), 'loaded'],
  [condition({ list: [null] }, 'exact_match'), 'failed'],
  [condition({}, 'exact_match'), 'failed'],
  [condition({ data: 'x' }, 'exact_match'), 'loaded'],
  [condition({ list: [] }, 'ip_match'), 'loaded'],
  [condition({ list: ['nowhere'] }, 'ip_match'), 'loaded'],
  [condition({ list: [5] }, 'ip_match'), 'loaded', 'failed'],
  ...(
    [
      ['string', 5, 'loaded'],
      ['string', null, 'failed'],
      ['boolean', 'true', 'loaded'],
      ['boolean', 1, 'failed'],
      ['unsigned', '5', 'loaded'],
      ['unsigned', '5.0', 'failed'],
      ['unsigned', 5.5, 'failed'],
      ['unsigned', -5, 'failed'],
      ['signed', '-5', 'loaded'],
      ['signed', '5e0', 'failed'],
      ['signed', true, 'failed'],
      ['float', 5, 'loaded'],
      ['float', true, 'failed'],
      ['int', 5, 'failed'],
      ['', 5, 'failed'],
    ] as const
  ).map(([type, value, outcome]): Pair => [condition({ type, value }, 'equals'), outcome]),
  [condition({ value: 5 }, 'equals'), 'failed'],
  [condition({ type: 'string' }, 'equals'), 'failed'],
  [condition({ type: 'float', value: 5, delta: null }, 'equals'), 'failed'],
  [condition({ type: 'boolean', value: true }, 'greater_than'), 'failed'],
  [condition({ type: 'unsigned', value: '5' }, 'lower_than'), 'loaded'],
  ...['zork', 'MATCH_REGEX', 'match_regex ', '', '!', '!!match_regex', 'match_regex@1', '!is_sqli', '!is_xss'].map(
    (operator): Pair => [condition({}, operator), 'unknown'],
  ),
  [condition({ type: 'float', value: 1 }, '!greater_than'), 'unknown'],
  [condition({}, '!hidden_ascii_match'), 'unknown'],
  [condition({}, 'match_regex@v1'), 'loaded'],
  [condition({}, 'match_regex@v9'), 'skipped', 'loaded'],
  [condition({ inputs: [{ address: 'a' }, { address: 'b' }] }, '!match_regex'), 'failed'],
  [condition({ inputs: [{ address: 'a' }, { address: 'b' }] }, 'exists'), 'loaded'],
  [condition({ inputs: [{ address: 'a' }, { address: 'b' }] }, '!exists'), 'failed'],
  [condition({ inputs: [] }, 'exists'), 'failed'],
  ...(
    [
      ['lfi_detector', 2],
      ['ssrf_detector', 3],
      ['sqli_detector', 3],
      ['shi_detector', 1],
      ['cmdi_detector', 1],
    ] as const
  ).flatMap(([operator, newest]): Pair[] => [
    [exploit({}, operator), 'loaded'],
    [exploit({}, `${operator}@v${newest}`), 'loaded'],
    [exploit({}, `${operator}@v${newest + 1}`), 'skipped'],
    [exploit({}, `!${operator}`), 'unknown'],
    [exploit({ resource: [] }, operator), 'failed'],
    [exploit({ resource: [{ address: 'r' }, { address: 's' }] }, operator), 'failed'],
    [exploit({ params: undefined }, operator), 'failed'],
    [exploit({ params: [] }, operator), 'failed'],
    [exploit({ db_type: undefined }, operator), operator === 'sqli_detector' ? 'failed' : 'loaded'],
    [exploit({ db_type: [] }, operator), operator === 'sqli_detector' ? 'failed' : 'loaded'],
  ]),
  [exploit({ policy: { 'allowed-schemes': 5 } }, 'ssrf_detector'), 'failed'],
  [exploit({ options: { 'path-inspection': 'x' } }, 'ssrf_detector'), 'failed'],
]

const exclusions: readonly Pair[] = [
  ...versions,
  [{ id: undefined }, 'failed'],
  [{ rules_target: undefined }, 'failed'],
  [{ rules_target: null }, 'failed'],
  [{ rules_target: [{ tags: { type: 5 } }] }, 'loaded'],
  [{ rules_target: [{ rule_id: 'nowhere' }] }, 'loaded'],
  [{ rules_target: [{}] }, 'failed', 'loaded'],
  [{ conditions: [] }, 'loaded'],
  [{ conditions: [abc], rules_target: undefined }, 'loaded'],
  [{ conditions: null }, 'failed'],
  [{ conditions: [on('nope', {})] }, 'unknown'],
  [{ conditions: [abc], transformers: ['nope'] }, 'loaded'],
  ...['bypass', 'monitor', 'block', 'nowhere'].map((on_match): Pair => [{ on_match }, 'loaded']),
  [{ on_match: '' }, 'failed'],
  [{ on_match: null }, 'failed'],
  [{ inputs: [{ address: 'a' }], rules_target: undefined }, 'loaded'],
  [{ inputs: [] }, 'failed'],
  [{ inputs: [{ address: 'a', key_path: ['', '*'] }] }, 'loaded'],
  [{ inputs: [{ address: 'a', key_path: many(40, 'k') }] }, 'loaded'],
  [{ inputs: [{}] }, 'failed'],
]

const overrides: readonly Pair[] = [
  [{}, 'loaded'],
  [{ min_version: '9.0.0' }, 'loaded'],
  [{ rules_target: undefined }, 'failed'],
  [{ rules_target: undefined, id: 'good' }, 'loaded'],
  [{ rules_target: [], id: 'good' }, 'loaded'],
  [{ rules_target: [] }, 'failed'],
  [{ rules_target: [{}] }, 'failed'],
  [{ rules_target: [{ tags: {} }] }, 'failed'],
  [{ rules_target: [{ rule_id: 'good' }, { tags: { type: 't1' } }] }, 'failed'],
  [{ rules_target: [{ rule_id: 'good' }, { rule_id: 'other' }] }, 'loaded'],
  [{ enabled: undefined }, 'failed'],
  [{ enabled: undefined, tags: {} }, 'failed'],
  [{ enabled: undefined, tags: { a: 'b' } }, 'loaded'],
  [{ enabled: undefined, on_match: [] }, 'loaded'],
  [{ enabled: 'true' }, 'loaded'],
  [{ enabled: 1 }, 'failed'],
  [{ on_match: 'block' }, 'failed'],
]

const actions: readonly Pair[] = [
  [{}, 'loaded'],
  [{ min_version: '9.0.0' }, 'loaded'],
  [{ id: undefined }, 'failed'],
  [{ type: undefined }, 'failed'],
  [{ type: 'zork' }, 'loaded'],
  [{ parameters: undefined }, 'failed'],
  [{ parameters: [] }, 'failed'],
  [{ parameters: {} }, 'loaded'],
  [{ parameters: { x: null } }, 'failed'],
  [{ parameters: { x: [] } }, 'failed'],
  [{ type: 'redirect_request', parameters: {} }, 'loaded'],
  [{ id: 'block' }, 'loaded'],
]

const lists: readonly Pair[] = [
  [{}, 'loaded'],
  [{ min_version: '9.0.0' }, 'loaded'],
  [{ id: undefined }, 'failed'],
  [{ type: undefined }, 'failed'],
  [{ type: 'zork' }, 'failed'],
  [{ data: undefined }, 'failed'],
  [{ data: {} }, 'failed'],
  [{ data: [{ value: 5 }] }, 'loaded'],
  [{ data: [{ value: '1.1.1.1', expiration: '5' }] }, 'loaded'],
  [{ data: [{ value: '1.1.1.1' }, {}] }, 'loaded', 'failed'],
  [{ data: [{ value: '1.1.1.1', expiration: [] }] }, 'loaded', 'failed'],
]

const processors: readonly Pair[] = [
  ...versions,
  [{}, 'loaded'],
  [{ generator: undefined }, 'failed'],
  [{ generator: 'zork' }, 'unknown'],
  [{ parameters: undefined }, 'failed'],
  [{ parameters: { mappings: [] } }, 'failed'],
  [{ parameters: mapping({ inputs: undefined }) }, 'failed'],
  [{ parameters: mapping({ inputs: [] }) }, 'failed'],
  [{ parameters: mapping({ inputs: [{ address: 'a', key_path: [''] }] }) }, 'failed'],
  [{ parameters: mapping({ inputs: [{ address: 'a' }, { address: 'b' }] }) }, 'loaded'],
  [{ parameters: mapping({ output: undefined }) }, 'failed'],
  [{ parameters: { ...mapping({}), scanners: null } }, 'failed'],
  [{ parameters: { ...mapping({}), scanners: [{ tags: {} }] } }, 'loaded'],
  [{ evaluate: false, output: false }, 'failed'],
  [{ evaluate: undefined, output: undefined }, 'loaded'],
  [{ evaluate: 'x' }, 'failed'],
  [{ conditions: [on('nope', {})] }, 'unknown'],
  [{ generator: 'http_endpoint_fingerprint' }, 'failed'],
  [
    {
      generator: 'session_fingerprint',
      parameters: mapping({ cookies: [{ address: 'c' }], session_id: [{ address: 's' }] }),
    },
    'failed',
  ],
]

const processorOverrides: readonly Pair[] = [
  [{}, 'loaded'],
  [{ min_version: '9.0.0' }, 'loaded'],
  [{ target: undefined }, 'failed'],
  [{ target: [] }, 'failed'],
  [{ scanners: undefined }, 'failed'],
  [{ scanners: {} }, 'loaded'],
]

const regexScanner = (operator: string): Change => ({ key: { operator, parameters: { regex: 'a' } } })
const scanners: readonly Pair[] = [
  ...versions,
  [{}, 'loaded'],
  [{ tags: undefined }, 'failed'],
  [{ key: undefined }, 'failed'],
  [{ key: { operator: 'match_regex' } }, 'failed'],
  [{ key: { operator: 'match_regex', parameters: { regex: '(' } } }, 'failed'],
  [regexScanner('zork'), 'unknown'],
  [regexScanner('!match_regex'), 'unknown'],
  [regexScanner('exists'), 'unknown'],
  [{ key: { operator: 'exact_match', parameters: { data: 'x' } } }, 'failed'],
  [{ key: { operator: 'exact_match', parameters: { list: ['x'] } } }, 'loaded'],
]

const cases: readonly ItemCase[] = [
  ...items('rules', rules),
  ...items('custom_rules', versions),
  ...items('exclusions', exclusions),
  ...items('rules_override', overrides),
  ...items('actions', actions),
  ...items('rules_data', lists),
  ...items('exclusion_data', lists),
  ...items('processors', processors),
  ...items('processor_overrides', processorOverrides),
  ...items('scanners', scanners),
]

function rulesetWith({ section, item }: ItemCase): object {
  const good = rule([abc], { id: 'good' })
  return section === 'rules'
    ? { version: '2.2', rules: [good, item] }
    : { version: '2.2', rules: [good], [section]: [item] }
}

/** What became of the item, and the id under which the diagnostics name it. */
function outcomeOf(section: Partial<SectionDiagnostics> | undefined): {
  readonly outcome: Outcome
  readonly id: string
} {
  const { loaded = [], failed = [], skipped = [], errors = {} } = section ?? {}
  const [id] = failed
  if (id !== undefined) return { outcome: Object.values(errors).flat().includes(id) ? 'failed' : 'unknown', id }
  if (skipped[0] !== undefined) return { outcome: 'skipped', id: skipped[0] }
  return { outcome: 'loaded', id: loaded.find((one) => one !== 'good') ?? '' }
}

describe.each(Object.keys(usable))('an item of %s', (name) => {
  test.each(cases.filter(({ section }) => section === name))('with $says is $outcome', (given) => {
    const ruleset = rulesetWith(given)
    const ours = outcomeOf(compileRuleset(ruleset).diagnostics[given.section])
    const waf = referenceWaf(ruleset)
    const theirs = outcomeOf(waf.diagnostics[given.section] as Partial<SectionDiagnostics> | undefined)
    waf.dispose()
    expect(ours.outcome).toBe(given.outcome)
    expect(theirs.outcome).toBe(given.reference ?? given.outcome)
    expect(ours.id).toBe(theirs.id)
  })
})

test('the last rule can be switched off, or taken away; the reference then keeps what it had', () => {
  for (const change of [
    { rules_override: [{ rules_target: [{ rule_id: 'good' }], enabled: false }] },
    { rules_override: [{ rules_target: [{ tags: { type: 't1' } }], enabled: false }] },
  ]) {
    const ruleset = { version: '2.2', rules: [rule([abc], { id: 'good' })] }
    const waf = compileRuleset(ruleset)
    const reference = referenceWaf(ruleset)
    waf.update('other', change)
    reference.createOrUpdateConfig(change, 'other')
    expect(waf.createContext().run({ persistent: { a: 'abc' } }).events).toEqual([])
    expect(referenceRun(reference, { a: 'abc' }).events).toHaveLength(1)
    expect(waf.remove('other')).toBe(true)
    expect(waf.createContext().run({ persistent: { a: 'abc' } }).events).toHaveLength(1)
    expect(waf.remove('base')).toBe(true)
    expect(waf.createContext().run({ persistent: { a: 'abc' } }).events).toEqual([])
    reference.dispose()
  }
})

test('every case ran', () => {
  expect(cases.length).toBeGreaterThanOrEqual(330)
  expect(cases.filter(({ reference }) => reference !== undefined).length).toBe(11)
})
