import { asArray, asBoolean, optionalObject } from '../cast.ts'
import type { Json } from '../cast.ts'
import { fail } from '../../model/error.ts'
import type { ScalarOperator } from '../operator.ts'
import { needOfTexts } from '../prefilter/required-literals.ts'
import { PhraseAutomaton } from '../phrase-automaton.ts'

/**
 * `phrase_match`: one of `list` occurs in the value. The match that ends first is reported; with
 * `options.enforce_word_boundary`, the longest that stands alone as a word, whichever occurrence it is.
 * Case-sensitive unless `options.case_sensitive` is false. Source: libddwaf rule schema 2.2, operator `phrase_match`.
 */
export const phraseMatch: ScalarOperator<'phrase_match'> = {
  kind: 'scalar',
  name: 'phrase_match',
  negatable: true,
  accepts: 'text',
  requires: ({ list }) => (Array.isArray(list) ? needOfTexts(list.map(String).filter((one) => one !== '')) : undefined),
  compile(parameters, scope) {
    const options = optionalObject(parameters['options'], `${scope.path}.options`) ?? {}
    const flag = (name: string, otherwise: boolean): boolean =>
      options[name] === undefined ? otherwise : asBoolean(options[name], `${scope.path}.options.${name}`)
    const wholeWords = flag('enforce_word_boundary', false)
    const caseSensitive = flag('case_sensitive', true)
    const phrases = phrasesOf(parameters, `${scope.path}.list`).filter((phrase) => phrase !== '')
    if (phrases.length === 0) scope.warn('list: it holds no phrase, so none is ever found')
    const automaton = new PhraseAutomaton(phrases, { caseSensitive })
    return (value) => {
      if (typeof value !== 'string') return undefined
      const found = wholeWords ? automaton.findWord(value) : automaton.findFirstEnding(value)
      return found === undefined ? undefined : { highlight: [found] }
    }
  },
}

/** Phrases are texts: a number or boolean among them fails the rule. */
function phrasesOf({ list }: Json, path: string): string[] {
  return asArray(list, path).map((item, index) => {
    if (typeof item === 'string') return item
    throw fail('RULESET_INVALID', `${path}[${index}]`, 'a phrase is a string')
  })
}
