import { describe, expect, test } from 'vitest'
import { compileRuleset } from '../../src/waf.ts'
import type { Waf } from '../../src/waf.ts'
import { on, rule } from '../conformance/waf/case.ts'

const abc = on('match_regex', { regex: 'abc' })
const good = rule([abc], { id: 'good' })
const load = (item: unknown, section = 'rules'): ReturnType<typeof compileRuleset>['diagnostics'] =>
  compileRuleset({
    version: '2.2',
    rules: section === 'rules' ? [good, item] : [good],
    ...(section === 'rules' ? {} : { [section]: [item] }),
  }).diagnostics

describe('versions', () => {
  test.each(['1.0', '3.0', 2.2, 2, undefined, '', '2'])('a ruleset of version %s is refused', (version) => {
    expect(() => compileRuleset({ version, rules: [good] })).toThrow(/version/)
  })
  test.each(['2.1', '2.2', '2.9'])('a ruleset of version %s is taken', (version) => {
    expect(
      compileRuleset({ version, metadata: { rules_version: '7' }, rules: [good] }).diagnostics.ruleset_version,
    ).toBe('7')
  })
})

const failures: readonly { readonly says: string; readonly item: unknown; readonly message: RegExp }[] = [
  { says: 'no id', item: { ...good, id: undefined }, message: /rules\[1\]\.id: a string is required/ },
  { says: 'an id that is taken', item: good, message: /^duplicate rule$/ },
  { says: 'no type', item: { ...rule([abc]), tags: {} }, message: /rules\[1\]\.tags\.type/ },
  { says: 'no conditions', item: rule([]), message: /rules\[1\]\.conditions/ },
  {
    says: 'a pattern that is not RE2',
    item: rule([on('match_regex', { regex: 'a(' })]),
    message: /conditions\[0\]\.parameters\.regex: not an RE2 pattern/,
  },
  {
    says: 'a negation of two inputs',
    item: rule([
      { operator: '!match_regex', parameters: { regex: 'a', inputs: [{ address: 'a' }, { address: 'b' }] } },
    ]),
    message: /takes one input/,
  },
  {
    says: 'an empty key',
    item: rule([on('match_regex', { regex: 'a' }, { key_path: [''] })]),
    message: /key_path\[0\]/,
  },
  {
    says: 'a key path of more than 20',
    item: rule([on('match_regex', { regex: 'a' }, { key_path: Array(21).fill('k') })]),
    message: /at most 20/,
  },
  {
    says: 'more than 10 transformers',
    item: rule([on('match_regex', { regex: 'a' }, { transformers: Array(11).fill('lowercase') })]),
    message: /at most 10/,
  },
  {
    says: 'no input',
    item: rule([{ operator: 'match_regex', parameters: { regex: 'a', inputs: [] } }]),
    message: /at least one input/,
  },
  {
    says: 'neither event nor attribute',
    item: rule([abc], { output: { event: false } }),
    message: /must set an attribute/,
  },
  { says: 'a version that is none', item: rule([abc], { min_version: 'soon' }), message: /not a version/ },
  { says: 'no object at all', item: 'rule', message: /an object is expected/ },
]

describe('a rule that cannot be used fails alone', () => {
  test.each(failures)('with $says', ({ item, message }) => {
    const { rules } = load(item)
    expect(rules?.loaded).toEqual(['good'])
    expect(rules?.failed).toHaveLength(1)
    expect(Object.keys(rules?.errors ?? {})[0]).toMatch(message)
  })
  test('every case ran', () => expect(failures.length).toBe(13))
})

const warned: readonly {
  readonly says: string
  readonly item: unknown
  readonly section?: string
  readonly state: 'failed' | 'skipped' | 'loaded'
  readonly message: RegExp
}[] = [
  {
    says: 'an unknown operator',
    item: rule([on('match_regexp', {})]),
    state: 'failed',
    message: /unknown operator "match_regexp"; did you mean "match_regex"\?/,
  },
  {
    says: 'an operator that cannot be negated',
    item: rule([on('!is_sqli', {})]),
    state: 'failed',
    message: /unknown operator "!is_sqli"/,
  },
  {
    says: 'an unknown transformer',
    item: rule([abc], { transformers: ['lowercse'] }),
    state: 'failed',
    message: /did you mean "lowercase"/,
  },
  {
    says: 'a newer version of an operator',
    item: rule([on('match_regex@v9', { regex: 'a' })]),
    state: 'skipped',
    message: /known up to version 1/,
  },
  {
    says: 'a min_version to come',
    item: rule([abc], { min_version: '9.0.0' }),
    state: 'skipped',
    message: /another version/,
  },
  {
    says: 'a max_version gone by',
    item: rule([abc], { max_version: '1.0.0' }),
    state: 'skipped',
    message: /another version/,
  },
  {
    says: 'an unknown module',
    item: rule([abc], { module: 'custom_acl' }),
    state: 'loaded',
    message: /unknown module "custom_acl"; did you mean "custom-acl"\?/,
  },
  {
    says: 'bad items of a list',
    item: rule([on('ip_match', { list: ['10.0.0.0/8', '010.1.1.1', 'nowhere'] })]),
    state: 'loaded',
    message: /"nowhere" is not an address/,
  },
  {
    says: 'a transformer of a parameter, which is taken as it was given',
    item: rule([
      {
        operator: 'shi_detector',
        parameters: {
          resource: [{ address: 'r' }],
          params: [{ address: 'a' }, { address: 'b', transformers: ['url_decode'] }],
        },
      },
    ]),
    state: 'loaded',
    message: /rules\[1\]\.conditions\[0\]\.parameters\.params\[1\]\.transformers: shi_detector takes parameters as/,
  },
  {
    says: 'an action that nothing defines',
    item: rule([abc], { on_match: ['stack_trace', 'blok'] }),
    state: 'loaded',
    message: /rules\[1\]\.on_match\[1\]: no configuration gives an action "blok"; did you mean "block"\?/,
  },
  {
    says: 'an action of a filter that nothing defines',
    section: 'exclusions',
    item: { id: 'r1', rules_target: [{ rule_id: 'good' }], on_match: 'nowhere' },
    state: 'loaded',
    message: /exclusions\[0\]\.on_match: no configuration gives an action "nowhere"/,
  },
  {
    says: 'a redirection that blocks',
    section: 'actions',
    item: { id: 'r1', type: 'redirect_request', parameters: { location: '//evil' } },
    state: 'loaded',
    message: /actions\[0\]\.parameters\.location/,
  },
  {
    says: 'bad items of a data list',
    section: 'rules_data',
    item: { id: 'r1', type: 'ip_with_expiration', data: [{ value: '1.2.3.4' }, { value: 'x' }, 7] },
    state: 'loaded',
    message: /rules_data\[0\]\.data/,
  },
]

describe('nothing is lost in silence', () => {
  test.each(warned)('$says is a warning', ({ item, section = 'rules', state, message }) => {
    const diagnostics = load(item, section)[section as 'rules']
    expect(diagnostics?.[state]).toContain('r1')
    expect(Object.keys(diagnostics?.warnings ?? {}).join('\n')).toMatch(message)
  })
  test('every case ran', () => expect(warned.length).toBe(13))
})

test('values are read leniently: numbers and booleans from texts, texts from numbers', () => {
  const waf = compileRuleset({
    version: '2.2',
    rules: [
      {
        ...good,
        id: 7,
        enabled: 'true',
        conditions: [on('match_regex', { regex: 'abc', options: { min_length: '3', case_sensitive: 'true' } })],
      },
    ],
  })
  expect(waf.diagnostics.rules?.loaded).toEqual(['7'])
  expect(waf.createContext().run({ persistent: { a: 'ABC' } }).matched).toBe(false)
  expect(waf.createContext().run({ persistent: { a: 'abc' } }).events[0]?.rule.id).toBe('7')
})

describe('configurations by path', () => {
  const block = rule([on('ip_match', { data: 'blocked' }, { address: 'ip' })], {
    id: 'ip',
    type: 'ip',
    module: 'network-acl',
    on_match: ['block'],
  })
  const list = (...values: string[]): object => ({
    rules_data: [{ id: 'blocked', type: 'ip_with_expiration', data: values.map((value) => ({ value })) }],
  })
  const isBlocked = (waf: ReturnType<typeof compileRuleset>, ip: string): boolean =>
    waf.createContext().run({ persistent: { ip } }).matched

  test('lists of several configurations are all in force, and go with their configuration', () => {
    const waf = compileRuleset({ version: '2.2', rules: [block] })
    expect(isBlocked(waf, '1.1.1.1')).toBe(false)
    waf.update('one', list('1.1.1.1'))
    waf.update('two', list('2.2.2.0/24'))
    expect([isBlocked(waf, '1.1.1.1'), isBlocked(waf, '2.2.2.9')]).toEqual([true, true])
    expect(waf.remove('one')).toBe(true)
    expect(waf.remove('one')).toBe(false)
    expect([isBlocked(waf, '1.1.1.1'), isBlocked(waf, '2.2.2.9')]).toEqual([false, true])
  })

  test('a list is changed by what was added and removed', async () => {
    const waf = compileRuleset({ version: '2.2', rules: [block] })
    await waf.updateInSlices('one', list('1.1.1.1', '3.3.3.3'))
    await waf.updateData('one', {
      section: 'rules_data',
      id: 'blocked',
      type: 'ip_with_expiration',
      removed: ['1.1.1.1'],
      added: [{ value: '2.2.2.2' }],
    })
    expect(['1.1.1.1', '2.2.2.2', '3.3.3.3'].map((ip) => isBlocked(waf, ip))).toEqual([false, true, true])
  })

  test('an entry ends with its expiration', () => {
    let nowMs = 1_000_000
    const waf = compileRuleset(
      {
        version: '2.2',
        rules: [block],
        rules_data: [{ id: 'blocked', type: 'ip_with_expiration', data: [{ value: '1.1.1.1', expiration: 1000 }] }],
      },
      { clock: { nowMs: () => nowMs, monotonicNs: () => 0 } },
    )
    expect(isBlocked(waf, '1.1.1.1')).toBe(true)
    nowMs += 1000
    expect(isBlocked(waf, '1.1.1.1')).toBe(false)
  })

  test('rules of several configurations work together; a duplicate id fails in the later one', () => {
    const waf = compileRuleset({ version: '2.2', rules: [good] })
    const { custom_rules } = waf.update('more', { custom_rules: [good, rule([abc], { id: 'mine', type: 'mine' })] })
    expect(custom_rules?.failed).toEqual(['good'])
    expect(
      waf
        .createContext()
        .run({ persistent: { a: 'abc' } })
        .events.map((event) => event.rule.id),
    ).toEqual(['mine', 'good'])
  })

  test('a configuration that cannot be read changes nothing', () => {
    const waf = compileRuleset({ version: '2.2', rules: [good] })
    expect(waf.update('more', 'nonsense').error).toMatch(/object/)
    expect(waf.update('base', { version: '9.9', rules: [] }).error).toMatch(/version/)
    expect(waf.createContext().run({ persistent: { a: 'abc' } }).matched).toBe(true)
  })

  test('an open context stays on the rules that it started with', () => {
    const waf = compileRuleset({ version: '2.2', rules: [good] })
    const context = waf.createContext()
    waf.update('off', { rules_override: [{ rules_target: [{ rule_id: 'good' }], enabled: false }] })
    expect(context.run({ persistent: { a: 'abc' } }).matched).toBe(true)
    expect(waf.createContext().run({ persistent: { a: 'abc' } }).matched).toBe(false)
  })

  test('known addresses are those that something reads', () => {
    expect([...compileRuleset({ version: '2.2', rules: [block, good] }).knownAddresses].sort()).toEqual(['a', 'ip'])
  })
})

describe('subcontexts', () => {
  const both = rule([abc, on('match_regex', { regex: 'x' }, { address: 'b' })], { module: 'rasp' })

  test('a subcontext sees its parent’s data and keeps its own to itself', () => {
    const context = compileRuleset({ version: '2.2', rules: [both] }).createContext()
    context.run({ persistent: { a: 'abc' } })
    const child = context.createSubcontext()
    expect(child.run({ persistent: { b: 'x' } }).matched).toBe(true)
    expect(child.run({ persistent: { b: 'x' } }).matched).toBe(false)
    expect(context.run({ persistent: { c: 1 } }).matched).toBe(false)
    expect(context.createSubcontext().run({ persistent: { b: 'x' } }).matched).toBe(true)
  })

  test('a subcontext keeps its data over several runs', () => {
    const context = compileRuleset({ version: '2.2', rules: [both] }).createContext()
    const child = context.createSubcontext()
    expect(child.run({ persistent: { b: 'x' } }).matched).toBe(false)
    expect(child.run({ persistent: { a: 'abc' } }).matched).toBe(true)
  })
})

describe('the section obfuscator', () => {
  const withSecrets = (obfuscator: unknown, more: object = {}): object => ({
    version: '2.2',
    rules: [rule([on('match_regex', { regex: 'abc' })])],
    obfuscator,
    ...more,
  })
  const shown = (waf: Waf, value: unknown): unknown => {
    const [match] = waf.createContext().run({ persistent: { a: value } }).events[0]?.rule_matches ?? []
    const [parameter] = match?.parameters ?? []
    return parameter !== undefined && 'value' in parameter ? parameter.value : undefined
  }
  const body = { pin: 'abc', note: 'abc' }

  test('says by key and by value what is hidden', () => {
    const waf = compileRuleset(withSecrets({ key_regex: '^pin$', value_regex: 'abcd' }))
    expect([shown(waf, { pin: 'abc' }), shown(waf, { x: 'abcde' }), shown(waf, { x: 'abc' })]).toEqual([
      '<Redacted>',
      '<Redacted>',
      'abc',
    ])
    expect(waf.diagnostics.obfuscator).toMatchObject({ loaded: ['key_regex', 'value_regex'], failed: [] })
  })

  test('takes precedence over the options, the last configuration over the first, and goes with it', () => {
    const waf = compileRuleset(withSecrets({ key_regex: '^pin$' }), { obfuscator: { keyRegex: '^note$' } })
    expect([shown(waf, { pin: body.pin }), shown(waf, { note: body.note })]).toEqual(['<Redacted>', 'abc'])
    waf.update('other', { obfuscator: { key_regex: '^x$' } })
    expect([shown(waf, { pin: 'abc' }), shown(waf, { x: 'abc' })]).toEqual(['abc', '<Redacted>'])
    waf.remove('other')
    expect([shown(waf, { pin: 'abc' }), shown(waf, { x: 'abc' })]).toEqual(['<Redacted>', 'abc'])
  })

  test.each([
    ['an empty regex', { key_regex: '' }, 'key_regex'],
    ['a regex that is none', { key_regex: '(' }, 'key_regex'],
    ['a name that is unknown', { keyregex: 'x' }, 'keyregex'],
  ])('%s leaves hidden what the options hide, and says so', (_, obfuscator, failed) => {
    const waf = compileRuleset(withSecrets(obfuscator), { obfuscator: { keyRegex: '^pin$' } })
    expect(shown(waf, { pin: 'abc' })).toBe('<Redacted>')
    expect(waf.diagnostics.obfuscator?.failed).toEqual([failed])
  })

  test('refuses an attribute from a key that it hides', () => {
    const attributes = { secret: { address: 'a', key_path: ['pin'] } }
    const tagged = rule([on('match_regex', { regex: 'abc' })], { id: 'r2', output: { attributes } })
    const waf = compileRuleset(withSecrets({ key_regex: '^pin$' }, { custom_rules: [tagged] }))
    const { attributes: taken } = waf.createContext().run({ persistent: { a: { pin: 'abc' } } })
    expect(taken).toEqual({})
  })
})

test('a section of no known name is named, with the one that was meant', () => {
  const rules = [rule([on('match_regex', { regex: 'abc' })])]
  const { diagnostics } = compileRuleset({ version: '2.2', rules, exclusion: [], custom_rule: [], qwertyuiop: 1 })
  expect(diagnostics.unknown).toEqual([
    '$.exclusion: unknown section "exclusion"; did you mean "exclusions"?',
    '$.custom_rule: unknown section "custom_rule"; did you mean "custom_rules"?',
    '$.qwertyuiop: unknown section "qwertyuiop"',
  ])
})
