import { fail } from '../../model/error.ts'
import { asFloat, asSigned, asString, asUnsigned } from '../cast.ts'
import type { Json } from '../cast.ts'
import type { ScalarOperator } from '../operator.ts'

/**
 * `greater_than`: the value is a number, of whatever kind, above `value`; `type` says how `value` is read
 * (unsigned, signed or float). Numbers in strings do not count. Source: libddwaf rule schema 2.2, operator `greater_than`.
 */
export const greaterThan: ScalarOperator<'greater_than'> = {
  kind: 'scalar',
  name: 'greater_than',
  negatable: false,
  accepts: 'number',
  compile(parameters, scope) {
    const bound = boundOf(parameters, scope.path)
    return (value) =>
      (typeof value === 'number' || typeof value === 'bigint') && value > bound ? { highlight: [''] } : undefined
  },
}

/** The number to compare with, read as `type` says; throws RULESET_INVALID when it is not of that type. */
export function boundOf(parameters: Json, path: string): number {
  const type = asString(parameters['type'], `${path}.type`)
  switch (type) {
    case 'unsigned':
      return asUnsigned(parameters['value'], `${path}.value`)
    case 'signed':
      return asSigned(parameters['value'], `${path}.value`)
    case 'float':
      return asFloat(parameters['value'], `${path}.value`)
    default:
      throw fail('RULESET_INVALID', `${path}.type`, `"${type}" is not unsigned, signed or float`)
  }
}
