import { asString, asStrings } from '../cast.ts'
import type { ScalarOperator } from '../operator.ts'

/**
 * `exact_match`: the value is one of `list`, or of the live list named by `data`; case-sensitive.
 * The empty string never matches. Source: libddwaf rule schema 2.2, operator `exact_match`.
 */
export const exactMatch: ScalarOperator<'exact_match'> = {
  kind: 'scalar',
  name: 'exact_match',
  negatable: true,
  accepts: 'text',
  compile(parameters, scope) {
    if (parameters['list'] === undefined) {
      const data = scope.data(asString(parameters['data'], `${scope.path}.data`))
      return (value, time) =>
        typeof value === 'string' && value !== '' && data.isGiven && data.hasString(value, time.nowSeconds)
          ? { highlight: [value] }
          : undefined
    }
    const list = new Set(asStrings(parameters['list'], `${scope.path}.list`))
    return (value) =>
      typeof value === 'string' && value !== '' && list.has(value) ? { highlight: [value] } : undefined
  },
}
