import { describe, expect, test } from 'vitest'
import { agreement, operatorInBoth } from '../../support/compare-operator.ts'
import { injectionTexts } from '../../support/injection-texts.ts'
import type { InjectionTexts } from '../../support/injection-texts.ts'

const { ours, reference } = operatorInBoth('is_sqli')

/** What both say of a text: a fingerprint, or nothing. */
const agreed: readonly (readonly [text: string, fingerprint: string | undefined])[] = [
  // tautologies
  ["1' or '1'='1", 's&sos'],
  ["' or 1=1 --", 's&1c'],
  ["' or ''='", 's&sos'],
  ['1 or 1=1', '1&1'],
  ['" or 1=1#', 's&1c'],
  ['` or 1=1#', 's&1c'],
  ["x') and 1=1", 's)&1'],
  ["') or '1'>'a", 's)&so'],
  // unions
  ['1 union select 1', '1UE1'],
  ["x' union all select null,null-- ", 'sUEvc'],
  ['1 union/**/select@@version', '1UEv'],
  ['-1 union all', '1U'],
  ['1 union select password fom users--', '1UEnn'],
  ['sleep(apnea) 5 tips', 'f(n)1'],
  // stacked
  ['1;drop table users', '1;Tnn'],
  ["'; insert into x values('')", 's;Tnk'],
  ['1;if not exists(select 1) drop table x', '1;T(E'],
  ["'; waitfor delay '0:0:5'--", 's;Esc'],
  // functions and time
  ["x' and sleep(5)#", 's&f(1'],
  ['1 or sleep(5)', '1&f(1'],
  ["' procedure analyse(user(),1)#", 'sf(f('],
  // functions of Access
  ['mkdir(a / (b', 'f(no('],
  ["x' or dlookup('a','b')", 's&f(s'],
  ['1 or filelen(x)', '1&f(n'],
  // clauses
  ["x' order by 1", 'sB1'],
  ['x` order by 1', 'sB1'],
  ["x' into outfile 'y", 'sks'],
  // comments
  ["x'--", 'sc'],
  ["x'/*", 'sc'],
  ["a') --", 's)c'],
  ['/*!50000union*/', 'X'],
  ['foo/* /* */', 'X'],
  ['a where /*!5*/ b', 'X'],
  // encodings of values
  ["1 and x'ff' or 1", '1&1'],
  ['1 union select 0x61646d', '1UE1'],
  // inside a string
  ["x' and 'y", 's&s'],
  ["a' || 'b", 's&s'],
  // a string with its letter, right behind a backslash
  ["\\e''|sleep(1", 'sof(1'],
  ["\\n'a' 'b'|sleep(1", 'sof(1'],
  // text
  ["O'Brien", undefined],
  ['select a table from the union', undefined],
  ['1 union', undefined],
  ['1 and 1', undefined],
  ["x'-- foo", undefined],
  ["x' #", undefined],
  ['1 --', undefined],
  ["x'+'y", undefined],
  ["it's 'ok' or 'not'", undefined],
  ['sleep(5)', undefined],
  ['', undefined],
  ['rock & roll', undefined],
  ['if (a > b) { return c; }', undefined],
]

describe('is_sqli says what the reference says', () => {
  test.each(agreed)('%j: %s', (text, fingerprint) => {
    expect(reference(text)).toBe(fingerprint)
    expect(ours(text)).toBe(fingerprint)
  })
  test('every case ran', () => expect(agreed.length).toBeGreaterThanOrEqual(46))
})

/** Where the two differ: classes of texts, each with an example and a reason. */
const differences: readonly {
  readonly says: string
  readonly text: string
  readonly ours: string | undefined
  readonly reference: string | undefined
}[] = [
  {
    says: 'a keyword right behind a number ends the reading of the reference; databases read on',
    text: '1.union select 2',
    ours: '1UE1',
    reference: undefined,
  },
  {
    says: 'a function right behind a plus sign ends the reading of the reference; databases read on',
    text: "x' and +sleep(5)",
    ours: 's&f(1',
    reference: undefined,
  },
  {
    says: 'a word right behind a conditional comment hides it from the reference; MySQL runs both',
    text: '/*!50000select*/password',
    ours: 'X',
    reference: undefined,
  },
  {
    says: 'a shape that the reference lists for numbers and variables only is one for strings too',
    text: "'+1 or 'a",
    ours: 'so1&s',
    reference: undefined,
  },
  {
    says: 'a shape that the reference lists for numbers alone is none, since code and prose have it with names',
    text: "') order by 1 foo",
    ours: undefined,
    reference: 's)B1n',
  },
  {
    says: 'five tokens that end in an operator are enough for the reference; read on, two names beside it are one value',
    text: "a' int set k/p",
    ours: undefined,
    reference: 'stEno',
  },
  {
    says: 'a word with an aside in parentheses is prose',
    text: 'sleep (apnea) 5 tips',
    ours: undefined,
    reference: 'f(n)1',
  },
  {
    says: 'an aside is prose whatever the word',
    text: 'benchmark (cpu) results',
    ours: undefined,
    reference: 'f(n)n',
  },
  {
    says: 'a union that selects two names is one in a string as well',
    text: "x' union select password users",
    ours: 'sUEnn',
    reference: undefined,
  },
  {
    says: 'a sign between names before a call is ordinary code',
    text: "const false = left(f(x), 'so')",
    ours: undefined,
    reference: 'n1of(',
  },
]

describe('is_sqli differs from the reference where it says why', () => {
  test.each(differences)('$says', (one) => {
    expect({ ours: ours(one.text), reference: reference(one.text) }).toEqual({
      ours: one.ours,
      reference: one.reference,
    })
  })
})

/** Rates per thousand texts that may be judged apart; as measured, with some room (RATIONALE-detectors.md has figures). */
const corpora: readonly {
  readonly kind: keyof InjectionTexts
  readonly texts: number
  readonly missedPerThousand: number
  readonly extraPerThousand: number
}[] = [
  { kind: 'benign', texts: 6000, missedPerThousand: 1, extraPerThousand: 1 },
  { kind: 'sqlAttack', texts: 6000, missedPerThousand: 1, extraPerThousand: 12 },
  { kind: 'sqlMutation', texts: 6000, missedPerThousand: 8, extraPerThousand: 14 },
  { kind: 'sqlSoup', texts: 6000, missedPerThousand: 3, extraPerThousand: 8 },
]

describe('is_sqli agrees with the reference over generated texts', () => {
  test.each(corpora)('$kind', ({ kind, texts, missedPerThousand, extraPerThousand }) => {
    const result = agreement(ours, reference, injectionTexts(11)[kind], texts)
    expect(result.texts).toBe(texts)
    expect(result.found).toBeGreaterThan(kind === 'benign' ? 0 : texts / 50)
    expect((result.missed.length * 1000) / texts, result.missed.slice(0, 5).join('\n')).toBeLessThanOrEqual(
      missedPerThousand,
    )
    expect((result.extra.length * 1000) / texts, result.extra.slice(0, 5).join('\n')).toBeLessThanOrEqual(
      extraPerThousand,
    )
  })
})
