import type { ScalarOperator } from '../operator.ts'
import { boundOf } from './greater-than.ts'

/**
 * `lower_than`: the value is a number, of whatever kind, below `value`; parameters as of `greater_than`.
 * Source: libddwaf rule schema 2.2, operator `lower_than`.
 */
export const lowerThan: ScalarOperator<'lower_than'> = {
  kind: 'scalar',
  name: 'lower_than',
  negatable: false,
  accepts: 'number',
  compile(parameters, scope) {
    const bound = boundOf(parameters, scope.path)
    return (value) =>
      (typeof value === 'number' || typeof value === 'bigint') && value < bound ? { highlight: [''] } : undefined
  },
}
