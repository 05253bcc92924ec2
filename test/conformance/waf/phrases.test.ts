import { expect, test } from 'vitest'
import { on, rule } from './case.ts'
import type { WafCase } from './case.ts'
import { runCases } from './run-cases.ts'
import { randomSource } from '../../support/random-source.ts'
import { referencePhrase } from '../../support/reference-phrase.ts'
import { referenceRun, referenceWaf } from '../../support/reference-waf.ts'

const wholeWords = { enforce_word_boundary: true }

function phrases(list: readonly string[], text: string, found: string | undefined, options: object = {}): WafCase {
  const match = { address: 'a', key_path: [], value: text, highlight: [found] }
  return {
    says: `${JSON.stringify(list)} in ${JSON.stringify(text)}: ${found ?? 'nothing'}`,
    ruleset: { rules: [rule([on('phrase_match', { list, options })])] },
    steps: [
      { persistent: { a: text }, ...(found === undefined ? { matches: [] } : { rules: ['r1'], matches: [match] }) },
    ],
  }
}

runCases(
  [
    phrases(['ab', 'abcd', 'bc'], 'xabcdx', 'ab'),
    phrases(['abcd', 'bc'], 'xabcdx', 'abcd'),
    phrases(['abcd', 'bc'], 'xabcx', 'bc'),
    {
      ...phrases(['abcd', 'bc'], 'xabc', 'bc'),
      differs: 'the reference forgets a phrase in which the text ends while a longer one could still come',
    },
    phrases(['ab'], 'AB', undefined),
    phrases(['ab'], '', undefined),
    phrases(['ab'], 'a ab b', 'ab', wholeWords),
    phrases(['ab'], 'xab', undefined, wholeWords),
    phrases(['ab'], 'abx', undefined, wholeWords),
    phrases(['ab'], 'ab_', undefined, wholeWords),
    phrases(['ab'], '-ab-', 'ab', wholeWords),
    phrases(['/ab'], 'x/ab', '/ab', wholeWords),
    phrases(['ab/'], 'ab/x', 'ab/', wholeWords),
    phrases(['ab'], 'éabé', 'ab', wholeWords),
    phrases(['ab', 'abc def'], 'ab abc def', 'abc def', wholeWords),
    phrases(['ab', 'cd'], 'cd ab', 'cd', wholeWords),
    {
      ...phrases(['ab'], 'xab ab', 'ab', wholeWords),
      differs: 'the reference looks at one occurrence only, the longest, of equally long ones the first (spec 1.6)',
    },
    {
      ...phrases(['ab', 'cdef'], 'ab xcdefx', 'ab', wholeWords),
      differs: 'the longest occurrence does not stand alone; the reference looks at no other',
    },
    {
      ...phrases(['b', '/b/'], '/b', 'b', wholeWords),
      differs: 'the reference forgets a phrase in which the text ends while a longer one could still come',
    },
    {
      ...phrases(['ab'], 'AB', 'AB', { case_sensitive: false }),
      differs: 'the reference knows no case_sensitive (spec 1.6)',
    },
  ],
  20,
)

test('over random texts the reference takes the phrase that our model of it takes', () => {
  const random = randomSource(4)
  const text = (letters: string, longest: number): string =>
    Array.from({ length: 1 + random.integer(longest) }, () => random.pick(letters.split(''))).join('')
  let found = 0
  for (let round = 0; round < 300; round += 1) {
    const list = Array.from({ length: 1 + random.integer(4) }, () => text('ab/', 4))
    const reference = referenceWaf({
      version: '2.2',
      rules: [rule([on('phrase_match', { list, options: wholeWords })])],
    })
    const model = referencePhrase(list)
    for (let index = 0; index < 10; index += 1) {
      const given = text('ab/ ', 14)
      const highlight = referenceRun(reference, { a: given }).events?.[0]?.rule_matches[0]?.parameters[0]?.highlight[0]
      if (highlight !== undefined) found += 1
      expect([list, given, model(given)]).toEqual([list, given, highlight])
    }
    reference.dispose()
  }
  expect(found).toBeGreaterThan(500)
})
