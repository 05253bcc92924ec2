import { describe, expect, test } from 'vitest'
import { LiteralScanner } from '../../src/waf/prefilter/literal-scanner.ts'
import { learningPattern, needOfPattern } from '../../src/waf/prefilter/pattern-need.ts'
import { parseRegex } from '../../src/waf/prefilter/regex-syntax.ts'
import { requiredLiterals } from '../../src/waf/prefilter/required-literals.ts'
import { compilePattern } from '../../src/waf/regex.ts'
import { randomSource } from '../support/random-source.ts'
import { textSource } from '../support/random-request.ts'
import { recommendedRuleset } from '../support/recommended-ruleset.ts'
import { sampleRegex } from '../support/sample-regex.ts'

/** A million by `COUNT=1000000 npx vitest run --config test/vitest.config.ts --root . test/waf/prefilter.test.ts`. */
const count = Number(process.env['COUNT'] ?? 3000)
const seed = Number(process.env['SEED'] ?? 7)

const patterns = [...recommendedRuleset.rules, ...recommendedRuleset.rules_compat]
  .flatMap((rule) => rule.conditions)
  .flatMap(({ parameters }) => (parameters.regex === undefined ? [] : [parameters.regex]))
  .map((source, id) => {
    const node = parseRegex(source)
    return { id, source, node, need: node && requiredLiterals(node), pattern: compilePattern(source) }
  })
const scanned = patterns.flatMap(({ id, need }) => (need === undefined ? [] : [{ id, need }]))
const scanner = LiteralScanner.build(scanned)

test('a large pattern is analysed in many pauses, and no second time', () => {
  const large = patterns.filter(({ source }) => source.length > 500)
  for (const { source, need } of large) {
    // A group of its own around it, so that the analysis of the ruleset does not know it.
    const own = `(?:${source})`
    const pausesOf = (): number => {
      let pauses = 0
      for (const _ of learningPattern(own)) pauses += 1
      return pauses
    }
    expect(pausesOf()).toBeGreaterThan(20)
    expect(pausesOf()).toBe(0)
    expect(needOfPattern(own)).toEqual(need)
  }
  expect(large.length).toBe(15)
})

test('every pattern of the recommended ruleset is understood, and all but two say what they require', () => {
  expect(patterns.filter(({ node }) => node === undefined)).toEqual([])
  expect(patterns.filter(({ need }) => need === undefined).map(({ source }) => source)).toEqual([
    '.*',
    '[0-9a-fA-F]{40}|\\[\\w+\\]',
  ])
})

test(
  `over ${count} texts the scanner rules out nothing that RE2 matches`,
  () => {
    const random = randomSource(seed)
    const text = textSource(recommendedRuleset, random)
    let matches = 0
    for (let index = 0; index < count; index += 1) {
      const given = text()
      const candidates = new Set(scanner.scan(given).candidates)
      for (const { id, pattern, source, need } of patterns) {
        if (need === undefined || candidates.has(id)) continue
        if (pattern.test(given)) expect({ source, given }).toBe('a candidate')
      }
      matches += candidates.size
    }
    expect(matches).toBeGreaterThan(count / 2)
  },
  60_000 + count * 5,
)

test('samples of each pattern are candidates of it', () => {
  const random = randomSource(seed)
  let matched = 0
  for (const { id, node, pattern, need } of patterns) {
    if (node === undefined || need === undefined) continue
    for (let sample = 0; sample < 30; sample += 1) {
      const text = sampleRegex(node, random)
      if (!pattern.test(text)) continue
      matched += 1
      expect([text, scanner.scan(text).candidates.includes(id)]).toEqual([text, true])
    }
  }
  expect(matched).toBeGreaterThan(2000)
})

describe('what a pattern requires', () => {
  const cases: readonly {
    readonly regex: string
    readonly texts: readonly string[]
    readonly others: readonly string[]
  }[] = [
    { regex: 'kiss', texts: ['\u212aiss', 'ki\u017fs', 'KISS'], others: ['kis'] },
    { regex: '(?:foo|bar)baz', texts: ['foobaz', 'xxbarbaz'], others: ['foo baz', 'fobaz'] },
    { regex: 'a{3}b+', texts: ['aaab', 'xaaabbb'], others: ['aab'] },
    { regex: '[ab]c[^d]', texts: ['acx', 'bc!'], others: ['cc!'] },
    { regex: 'x(?:yz)?w', texts: ['xw', 'xyzw'], others: ['xyw'] },
    { regex: '\\Qa.b\\E', texts: ['a.b'], others: ['axb'] },
    { regex: '\\x41\\x{42}\\103', texts: ['abc'], others: ['abd'] },
    { regex: 'é+tude', texts: ['étude', 'ÉTUDE'], others: ['tud'] },
    { regex: '[^\\x00-\\x7f]script', texts: ['ascript'.replace('a', 'ß')], others: ['scrip'] },
    {
      regex: 'c[\\\\\'"]*a[\\\\\'"]*t[\\\\\'"]* /',
      texts: ['cat /', "c\\a't /", 'c""at /'],
      others: ['dog /', 'cat'],
    },
  ]
  test.each(cases)('$regex', ({ regex, texts, others }) => {
    const node = parseRegex(regex)
    const need = node && requiredLiterals(node)
    const own = LiteralScanner.build(need === undefined ? [] : [{ id: 1, need }])
    for (const text of texts) {
      expect(compilePattern(regex).test(text)).toBe(true)
      expect(own.scan(text).candidates).toEqual([1])
      expect(own.scan(text.padEnd(80, ' ')).candidates).toEqual([1])
    }
    for (const text of others) expect(own.scan(text).candidates).toEqual([])
  })
  test('every case ran', () => expect(cases.length).toBe(10))
})

test('a literal of any length is found behind every character, and at the beginning of the text', () => {
  const before = ['', ...Array.from({ length: 0x100 }, (_, unit) => String.fromCharCode(unit)), 'ｅ', '\ufffd', '😀']
  for (const regex of ['z', 'q/', 'q/z', 'q/z!', 'q/z!x']) {
    const node = parseRegex(regex)
    const own = LiteralScanner.build([{ id: 1, need: (node && requiredLiterals(node)) ?? [] }])
    for (const character of before)
      expect([character, own.scan(character + regex).candidates]).toEqual([character, [1]])
  }
})
