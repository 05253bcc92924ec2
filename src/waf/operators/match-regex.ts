import { asBoolean, asString, asUnsigned, optionalObject } from '../cast.ts'
import type { Json } from '../cast.ts'
import type { CompileScope, Match, ScalarOperator } from '../operator.ts'
import { needOfPattern } from '../prefilter/pattern-need.ts'
import type { Need } from '../prefilter/required-literals.ts'
import type { Pattern } from '../regex.ts'

/** Parameters of `match_regex` and its kin, read from the rule. */
export interface RegexParameters {
  readonly pattern: Pattern
  readonly minBytes: number
}

/**
 * `match_regex`: RE2, found anywhere in the value; letters of either case unless `options.case_sensitive`.
 * Values shorter than `options.min_length` bytes do not count, nor does the empty string.
 * Source: libddwaf rule schema 2.2, operator `match_regex`.
 */
export const matchRegex: ScalarOperator<'match_regex'> = {
  kind: 'scalar',
  name: 'match_regex',
  negatable: true,
  accepts: 'text',
  operatorValue: regexOf,
  requires: regexNeed,
  compile(parameters, scope) {
    const { pattern, minBytes } = compileRegex(parameters, scope)
    return (value) => {
      if (typeof value !== 'string' || isShorter(value, minBytes)) return undefined
      const found = pattern.match(value)
      return found === undefined ? undefined : new RegexMatch(found)
    }
  },
}

/** A match whose text is found when an event asks for it: that a condition holds is mostly all there is to know. */
class RegexMatch implements Match {
  readonly #textOf: () => string
  constructor(textOf: () => string) {
    this.#textOf = textOf
  }
  get highlight(): readonly string[] {
    return [this.#textOf()]
  }
}

/** What a match of the regex requires of a value. */
export function regexNeed(parameters: Json): Need | undefined {
  return needOfPattern(regexOf(parameters))
}

/** The regex of the parameters, for `operator_value`. */
export function regexOf(parameters: Json): string {
  return typeof parameters['regex'] === 'string' ? parameters['regex'] : ''
}

/** Reads and compiles `regex` and `options`; throws RULESET_INVALID when the pattern is not RE2. */
export function compileRegex(parameters: Json, scope: CompileScope): RegexParameters {
  const source = asString(parameters['regex'], `${scope.path}.regex`)
  const options = optionalObject(parameters['options'], `${scope.path}.options`) ?? {}
  const caseSensitive =
    options['case_sensitive'] !== undefined &&
    asBoolean(options['case_sensitive'], `${scope.path}.options.case_sensitive`)
  const minBytes =
    options['min_length'] === undefined ? 0 : asUnsigned(options['min_length'], `${scope.path}.options.min_length`)
  return { pattern: scope.regex(source, { caseSensitive }), minBytes }
}

/** Whether the text has fewer than `minBytes` bytes of UTF-8; the empty text always counts as too short. */
export function isShorter(text: string, minBytes: number): boolean {
  if (text.length >= minBytes) return text.length === 0
  return text.length * 3 < minBytes || Buffer.byteLength(text) < minBytes
}
