import { fail } from '../../model/error.ts'
import { asString } from '../cast.ts'
import type { ScalarOperator } from '../operator.ts'
import { compileRegex, isShorter, regexNeed, regexOf } from './match-regex.ts'

/**
 * `match_regex_with_checksum`: as `match_regex`, for a match that also satisfies `checksum` (`luhn`). Matches are
 * tried from left to right until one does. Source: libddwaf rule schema 2.2, operator `match_regex_with_checksum`.
 */
export const matchRegexWithChecksum: ScalarOperator<'match_regex_with_checksum'> = {
  kind: 'scalar',
  name: 'match_regex_with_checksum',
  negatable: true,
  accepts: 'text',
  operatorValue: regexOf,
  requires: regexNeed,
  compile(parameters, scope) {
    const { pattern, minBytes } = compileRegex(parameters, scope)
    const checksum = asString(parameters['checksum'], `${scope.path}.checksum`)
    if (checksum !== 'luhn')
      throw fail('RULESET_INVALID', `${scope.path}.checksum`, `unknown checksum "${checksum}"; luhn is known`)
    return (value) => {
      if (typeof value !== 'string' || isShorter(value, minBytes)) return undefined
      const found = pattern.find(value, hasLuhnChecksum)
      return found === undefined ? undefined : { highlight: [found] }
    }
  },
}

/** The Luhn sum over the decimal digits of a text, other characters left out; false without any digit. */
function hasLuhnChecksum(text: string): boolean {
  let sum = 0
  let digits = 0
  for (let index = text.length - 1; index >= 0; index--) {
    const digit = text.charCodeAt(index) - 0x30
    if (digit < 0 || digit > 9) continue
    const weighted = digits % 2 === 0 ? digit : digit * 2
    sum += weighted > 9 ? weighted - 9 : weighted
    digits++
  }
  return digits > 0 && sum % 10 === 0
}
