import { expect, test } from 'vitest'
import { compileRuleset } from '../../../src/waf.ts'
import type { WafResult } from '../../../src/waf.ts'
import { ReferenceEngine, referenceRun } from '../../support/reference-waf.ts'

interface Case {
  readonly operator: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly value: unknown
  /** The highlight of the match; undefined when there is none. */
  readonly highlight: readonly string[] | undefined
}

function cases(
  operator: string,
  parameters: Readonly<Record<string, unknown>>,
  pairs: readonly (readonly [value: unknown, highlight: readonly string[] | undefined])[],
): readonly Case[] {
  return pairs.map(([value, highlight]) => ({ operator, parameters, value, highlight }))
}

/** ASCII text as tag characters, which show nothing. */
function hidden(text: string): string {
  return Array.from(text, (character) => String.fromCodePoint(0xe0000 + character.charCodeAt(0))).join('')
}

const luhn = { regex: '\\d+', checksum: 'luhn' }

const agreed: readonly Case[] = [
  ...cases('greater_than', { type: 'unsigned', value: 5 }, [
    [5, undefined],
    [6, ['']],
    [5.5, ['']],
    [-1, undefined],
    ['6', undefined],
    [true, undefined],
    [null, undefined],
    [[1, 6], ['']],
  ]),
  ...cases('greater_than', { type: 'unsigned', value: '5' }, [[6, ['']]]),
  ...cases('greater_than', { type: 'signed', value: -5 }, [
    [-5, undefined],
    [-4.5, ['']],
  ]),
  ...cases('greater_than', { type: 'float', value: 1.5 }, [
    [1.5, undefined],
    [1.6, ['']],
    [2, ['']],
    [Number.NaN, undefined],
  ]),
  ...cases('lower_than', { type: 'unsigned', value: 5 }, [
    [5, undefined],
    [4.5, ['']],
    [-1, ['']],
    ['3', undefined],
  ]),
  ...cases('lower_than', { type: 'signed', value: -5 }, [
    [-5, undefined],
    [-6, ['']],
  ]),
  ...cases('lower_than', { type: 'float', value: 1.5 }, [
    [1.4, ['']],
    [{ a: { b: 1 } }, ['']],
  ]),
  ...cases('hidden_ascii_match', {}, [
    ['plain', undefined],
    [`é${hidden('Hi you')}!`, ['eHi you!']],
    ['🏴\u{e0067}\u{e0062}\u{e007f}', ['🏴gb\u007f']],
    ['\u{e0080}x', undefined],
    ['\u{e0000}', ['']],
    [{ a: [hidden('ls')] }, ['ls']],
  ]),
  ...cases('match_regex_with_checksum', luhn, [
    ['4111111111111111', ['4111111111111111']],
    ['4111111111111112', undefined],
    ['123 4111111111111111', ['4111111111111111']],
    ['0', ['0']],
    ['', undefined],
    ['abc', undefined],
  ]),
  ...cases('match_regex_with_checksum', { regex: '\\d{4}', checksum: 'luhn' }, [
    ['12340018', ['0018']],
    ['1234', undefined],
  ]),
  ...cases('match_regex_with_checksum', { regex: '[\\d -]{13,}', checksum: 'luhn' }, [
    ['x 4111-1111 1111-1111 y', [' 4111-1111 1111-1111 ']],
  ]),
  ...cases('match_regex_with_checksum', { regex: '[a-z]+', checksum: 'luhn' }, [['abc', undefined]]),
  ...cases('match_regex_with_checksum', { regex: 'x*\\d*', checksum: 'luhn' }, [['a18', undefined]]),
  ...cases('match_regex_with_checksum', { ...luhn, options: { min_length: 5 } }, [
    ['18', undefined],
    ['79927398713', ['79927398713']],
  ]),
  ...cases('match_regex_with_checksum', { regex: 'X\\d+', checksum: 'luhn', options: { case_sensitive: true } }, [
    ['x18', undefined],
    ['X18', ['X18']],
  ]),
]

const refused: readonly { readonly operator: string; readonly parameters: Readonly<Record<string, unknown>> }[] = [
  { operator: 'greater_than', parameters: { type: 'string', value: 'a' } },
  { operator: 'greater_than', parameters: { type: 'unsigned', value: -5 } },
  { operator: 'greater_than', parameters: { type: 'unsigned', value: 5.5 } },
  { operator: 'greater_than', parameters: { value: 5 } },
  { operator: 'lower_than', parameters: { type: 'float' } },
  { operator: 'match_regex_with_checksum', parameters: { regex: '\\d+' } },
  { operator: 'match_regex_with_checksum', parameters: { regex: '\\d+', checksum: 'crc' } },
  { operator: '!greater_than', parameters: { type: 'unsigned', value: 5 } },
  { operator: '!hidden_ascii_match', parameters: {} },
]

function rulesetWith({ operator, parameters }: Pick<Case, 'operator' | 'parameters'>): object {
  const condition = { operator, parameters: { inputs: [{ address: 'value' }], ...parameters } }
  return { version: '2.2', rules: [{ id: 'r', name: 'r', tags: { type: 't' }, conditions: [condition] }] }
}

function ours(given: Case): WafResult {
  return compileRuleset(rulesetWith(given))
    .createContext()
    .run({ persistent: { value: given.value } })
}

function highlightOf(events: readonly unknown[] | undefined): unknown {
  const [event] = (events ?? []) as { rule_matches: { parameters: { highlight: string[] }[] }[] }[]
  return event?.rule_matches[0]?.parameters[0]?.highlight
}

test.each(agreed)('$operator $parameters of $value', (given) => {
  const result = ours(given)
  expect(highlightOf(result.events)).toEqual(given.highlight)
  const reference = referenceRun(new ReferenceEngine(rulesetWith(given), 'rules'), { value: given.value })
  expect(highlightOf(reference.events)).toEqual(given.highlight)
  expect(JSON.parse(JSON.stringify(result.events))).toEqual(reference.events ?? [])
})

test.each(refused)('$operator $parameters is no rule', (given) => {
  expect(() => compileRuleset(rulesetWith(given))).toThrow(/rules\[0\]|no rule/)
  expect(() => new ReferenceEngine(rulesetWith(given), 'rules')).toThrow('Invalid rules')
})

test('numbers that the reference cannot see are compared: bigints', () => {
  const given: Case = {
    operator: 'greater_than',
    parameters: { type: 'unsigned', value: 5 },
    value: 10n,
    highlight: [''],
  }
  expect(highlightOf(ours(given).events)).toEqual([''])
})

test('a match is looked for in the whole text: the reference starts afresh after each failed one', () => {
  const given: Case = {
    operator: 'match_regex_with_checksum',
    parameters: { regex: '^\\d{4}', checksum: 'luhn' },
    value: '12340018',
    highlight: undefined,
  }
  expect(ours(given).events).toEqual([])
  const reference = referenceRun(new ReferenceEngine(rulesetWith(given), 'rules'), { value: given.value })
  expect(highlightOf(reference.events)).toEqual(['0018'])
})

test('every case ran', () => {
  expect(agreed.length).toBe(44)
  expect(refused.length).toBe(9)
})
