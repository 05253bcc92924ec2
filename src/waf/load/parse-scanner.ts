import { fail } from '../../model/error.ts'
import { asObject, asString } from '../cast.ts'
import type { Json } from '../cast.ts'
import { operators } from '../operators.ts'
import { noTime } from '../operator.ts'
import type { ScalarMatcher } from '../operator.ts'
import type { Scanner } from '../scanner.ts'
import { compileScope } from './load-scope.ts'
import { Unsupported } from './parse-condition.ts'
import type { LoadScope } from './load-scope.ts'
import { parseTags } from './parse-rule.ts'

/** Reads one item of `scanners`. Source: spec/waf-rules.md 2.8. */
export function parseScanner(item: Json, path: string, scope: LoadScope): Scanner {
  const key = parseMatcher(item['key'], `${path}.key`, scope)
  const value = parseMatcher(item['value'], `${path}.value`, scope)
  if (key === undefined && value === undefined)
    throw fail('RULESET_INVALID', path, 'a scanner needs a key or a value to recognise')
  return {
    id: asString(item['id'], `${path}.id`),
    tags: parseTags(item['tags'], `${path}.tags`),
    matches: (givenKey, givenValue) =>
      (key === undefined || key(givenKey, noTime) !== undefined) &&
      (value === undefined || value(givenValue, noTime) !== undefined),
  }
}

function parseMatcher(value: unknown, path: string, scope: LoadScope): ScalarMatcher | undefined {
  if (value === undefined) return undefined
  const part = asObject(value, path)
  const name = asString(part['operator'], `${path}.operator`)
  const operator = operators.get(name)
  if (operator?.kind !== 'scalar')
    throw new Unsupported('unknown', fail('RULE_UNKNOWN_OPERATOR', `${path}.operator`, name).message)
  const parameters = asObject(part['parameters'], `${path}.parameters`)
  if (parameters['list'] === undefined && parameters['data'] !== undefined)
    throw fail('RULESET_INVALID', `${path}.parameters.data`, 'a scanner cannot look values up in a live list')
  return operator.compile(parameters, compileScope(`${path}.parameters`, scope))
}
