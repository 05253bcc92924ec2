import { asBoolean, asFloat, asSigned, asString, asUnsigned } from '../cast.ts'
import type { Json } from '../cast.ts'
import { fail } from '../../model/error.ts'
import type { Accepts, Scalar, ScalarOperator } from '../operator.ts'

const acceptedBy: Readonly<Record<string, Accepts>> = {
  string: 'string',
  boolean: 'boolean',
  unsigned: 'number',
  signed: 'number',
  float: 'number',
}

/**
 * `equals`: the value equals `value` and has the type of `type`: string, boolean, unsigned, signed or float
 * (closer than `delta`, 0.01 by default). Nothing is converted; JavaScript knows one kind of number, so a whole number
 * is both an integer and a float. Source: libddwaf rule schema 2.2, operator `equals`.
 */
export const equals: ScalarOperator<'equals'> = {
  kind: 'scalar',
  name: 'equals',
  negatable: true,
  accepts: (parameters) => acceptedBy[String(parameters['type'])] ?? 'any',
  compile(parameters, scope) {
    const test = compileTest(parameters, scope.path)
    return (value) => (test(value) ? { highlight: [''] } : undefined)
  },
}

function compileTest(parameters: Json, path: string): (value: Scalar) => boolean {
  const type = asString(parameters['type'], `${path}.type`)
  const at = `${path}.value`
  const wanted = parameters['value']
  switch (type) {
    case 'string': {
      const text = asString(wanted, at)
      return (value) => value === text
    }
    case 'boolean': {
      const flag = asBoolean(wanted, at)
      return (value) => value === flag
    }
    case 'unsigned':
    case 'signed': {
      const whole = type === 'unsigned' ? asUnsigned(wanted, at) : asSigned(wanted, at)
      return (value) => value === whole || (typeof value === 'bigint' && value === BigInt(whole))
    }
    case 'float': {
      const number = asFloat(wanted, at)
      const delta = parameters['delta'] === undefined ? 0.01 : asFloat(parameters['delta'], `${path}.delta`)
      return (value) => typeof value === 'number' && Math.abs(value - number) < delta
    }
    default:
      throw fail('RULESET_INVALID', `${path}.type`, `"${type}" is not string, boolean, unsigned, signed or float`)
  }
}
