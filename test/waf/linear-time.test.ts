import { afterAll, describe, expect, test } from 'vitest'
import { compileRuleset, defaultRuleset } from '../../src/waf.ts'
import { MAX_EXPLOIT_CHARACTERS } from '../../src/waf/evaluate/evaluate-condition.ts'
import { parseRegex } from '../../src/waf/prefilter/regex-syntax.ts'
import { compilePattern } from '../../src/waf/regex.ts'
import { countWork } from '../support/count-work.ts'
import { randomSource } from '../support/random-source.ts'
import { recommendedRuleset } from '../support/recommended-ruleset.ts'
import type { RecommendedRule, RecommendedRuleset, RuleInput } from '../support/recommended-ruleset.ts'
import { sampleRegex } from '../support/sample-regex.ts'

/** Ten times the input may cost this much more; what is above ten is room for fixed costs of either size. */
const MOST = 12
const sizes = [50, 500] as const

/** Texts that make careless readers go back: opened and never closed, escaped, nested, almost matching. */
const repeated: readonly string[] = [
  ...String.raw`'\ "$(\" (( ./ ../ <![CDATA[ &#x &#1 %25 %u00 \u00 \x4 $( a= x'ff 0x 1e $a a, ++ == -- 1 c é {{`.split(
    ' ',
  ),
  '`',
  '${',
  '/* ',
  '<!-- ',
  '-- \n',
  '<a style="/* ',
  '<a href=',
  ' or 1=',
  'union select ',
  '  ',
  '\0',
  '\ufb03',
  '\ud800',
  '\u{e0041}',
]

const recommended = [...recommendedRuleset.rules, ...recommendedRuleset.rules_compat]
const own = (defaultRuleset() as unknown as RecommendedRuleset).rules
const rules: readonly RecommendedRule[] = [...recommended, ...own].map((rule) => ({
  ...rule,
  enabled: true,
  max_version: '99.0.0',
}))

/** Operators that read texts by themselves; every text is given to these. */
const detectors = /^(?:is_sqli|is_xss|phrase_match|match_regex_with_checksum|\w+_detector(?:@v\d+)?)$/

/** Texts that its own patterns nearly match, and two of the others. */
function unitsFor(rule: RecommendedRule, index: number): string[] {
  const random = randomSource(index)
  const samples = rule.conditions.flatMap(({ parameters }) => {
    const node = parameters.regex === undefined ? undefined : parseRegex(parameters.regex)
    if (node === undefined) return []
    const sample = sampleRegex(node, random).slice(0, 40)
    return [sample.slice(0, -1)]
  })
  const phrases = rule.conditions.flatMap(({ parameters }) => parameters.list?.slice(0, 1) ?? [])
  const others = rule.conditions.some(({ operator }) => detectors.test(operator))
    ? repeated
    : [repeated[(index * 2) % repeated.length] ?? '', repeated[(index * 2 + 1) % repeated.length] ?? '']
  return [...samples, ...phrases, ...others].filter((unit) => unit !== '')
}

/** The text in every place that the rule reads: alone, as a key, and cut up in a list. */
function requestFor(rule: RecommendedRule, unit: string, times: number): Record<string, unknown> {
  const request: Record<string, unknown> = {}
  const text = unit.repeat(times)
  const pieces = Array.from({ length: times / 10 }, () => unit.repeat(10))
  const place = ({ address, key_path = [] }: RuleInput, value: unknown): void => {
    request[address] = key_path.reduceRight<unknown>((held, key) => ({ [key]: held }), value)
  }
  for (const { operator, parameters } of rule.conditions) {
    for (const input of parameters.inputs ?? []) place(input, { text, [text]: 'x', pieces })
    for (const input of parameters.params ?? [])
      place(input, { whole: text, tail: text.slice(text.length / 2), mark: `${unit};`, path: `/${text}` })
    for (const input of parameters.resource ?? [])
      place(input, operator.startsWith('cmdi') ? ['sh', `-${text}`, '-c', text, unit] : `/${text}${unit}; ${text}`)
  }
  return request
}

const readers = new Set<string>()

describe('ten times the input is at most twelve times the work', () => {
  test.each(rules.map((rule, index) => [rule.id, rule, index] as const))('%s', (id, rule, index) => {
    const waf = compileRuleset({ version: '2.2', rules: [rule] }, { limits: { maxCleanTexts: 0 } })
    for (const unit of unitsFor(rule, index)) {
      const [small = 0, large = 0] = sizes.map((times) => {
        const persistent = requestFor(rule, unit, times)
        return countWork(() => void waf.createContext().run({ persistent }, { maxBytes: Infinity }))
      })
      const least = unit.length * sizes[0]
      if (small > least) readers.add(id)
      expect(large / Math.max(small, least), `${id}, ${JSON.stringify(unit)}: ${small}, ${large}`).toBeLessThanOrEqual(
        MOST,
      )
    }
  })
  // Every rule ran, and nearly all read what they were given; the others ask for single values, or for presence.
  afterAll(() => {
    expect(rules.length).toBeGreaterThanOrEqual(250)
    expect(readers.size).toBeGreaterThanOrEqual(240)
  })
})

const exploits: readonly (readonly [operator: string, resource: string, parameter: (index: number) => string])[] = [
  ['sqli_detector@v3', `SELECT ${'a, '.repeat(20_000)}`, (index) => `a, a, x${index}`],
  ['shi_detector', `ls ${'a '.repeat(30_000)}`, (index) => `a a x${index}`],
  ['ssrf_detector@v3', `http://x/?${'a=1&'.repeat(15_000)}`, (index) => `a=1&x${index}`],
  ['lfi_detector@v2', `/${'a/'.repeat(30_000)}`, (index) => `a/a/x${index}`],
]

describe('many parameters and a long resource cost no more than a bound', () => {
  test.each(exploits)('%s', (operator, resource, parameter) => {
    const inputs = {
      resource: [{ address: 'server.resource' }],
      params: [{ address: 'server.request.body' }],
      db_type: [{ address: 'server.db.system' }],
    }
    const tags = { type: 't', category: 'test' }
    const rule = { id: 'r', name: 'r', tags, conditions: [{ operator, parameters: inputs }] }
    const waf = compileRuleset({ version: '2.2', rules: [rule] })
    const persistent = {
      'server.resource': resource,
      'server.request.body': Array.from({ length: 20_000 }, (_, index) => parameter(index)),
    }
    let truncated: unknown
    const work = countWork(() => {
      ;({ truncated } = waf.createContext().run({ persistent }, { maxBytes: Infinity }))
    })
    expect(work).toBeLessThanOrEqual(1.1 * MAX_EXPLOIT_CHARACTERS)
    expect(truncated).toEqual({ budgetEnded: true })
  })
})

describe('the counting sees', () => {
  const seen: readonly (readonly [says: string, work: (text: string) => void])[] = [
    [
      'a loop within a loop',
      (text) => {
        for (let at = 0; at < text.length; at += 1) for (let back = at; back > 0; back -= 1) text.charCodeAt(back)
      },
    ],
    [
      'a search from each place to the end',
      (text) => {
        for (let at = 0; at < text.length; at += 1) text.indexOf('!', at)
      },
    ],
    [
      'a copy for each place',
      (text) => {
        for (let at = 0; at < text.length; at += 1) text.slice(at)
      },
    ],
    [
      'a pattern asked for each place',
      (text) => {
        for (let at = 0; at < text.length; at += 1) compilePattern('!').test(text)
      },
    ],
  ]
  test.each(seen)('%s', (_, work) => {
    const [small, large] = [countWork(() => work('x'.repeat(20))), countWork(() => work('x'.repeat(200)))]
    expect(large / small).toBeGreaterThan(50)
  })
  test('and a single pass as one', () => {
    const work = (size: number): number => countWork(() => void 'x'.repeat(size).includes('!'))
    expect([work(20), work(200)]).toEqual([20, 200])
  })
})
