import { attribute } from '../../model/span-record.ts'
import type { WafRuleObject } from '../../model/waf-rule.ts'
import { anyOf, anyValue } from '../campaign.ts'
import { headerAttribute, headersAddress, inputsOf, listOf, objectOf, storedAddresses } from './rule-inputs.ts'

/** Values of one condition that still go into a query, and their length together: a query is bounded. */
const maxValues = 200
const maxLength = 4_000

/**
 * A query that every request which one of the rules can match fulfils, so that the store leaves out the others; '' where
 * nothing can be said. Made of conditions on the exact value of one thing that is stored as it was.
 */
export function preselect(rules: readonly WafRuleObject[]): string {
  const queries = rules.map((rule) => rule.conditions.flatMap((condition) => exactQuery(condition, rule)).join(' '))
  return queries.includes('') ? '' : anyOf(queries)
}

function exactQuery(condition: unknown, rule: WafRuleObject): readonly string[] {
  const { operator, parameters } = objectOf(condition)
  const { inputs, list } = objectOf(parameters)
  const [input, ...others] = inputsOf(condition)
  if (operator !== 'exact_match' || input === undefined || others.length > 0) return []
  const transformers = listOf(objectOf(listOf(inputs)[0])['transformers'] ?? rule['transformers'])
  const values = listOf(list).map(String)
  if (transformers.length > 0 || values.length === 0 || values.length > maxValues || values.join('').length > maxLength)
    return []
  const named = (name: string): string => anyValue(`@${name}`, values)
  if (input.address !== headersAddress) {
    const names = storedAddresses.get(input.address)
    return names === undefined || input.keyPath.length > 0 ? [] : [anyOf(names.map(named))]
  }
  const [header] = input.keyPath
  if (typeof header !== 'string' || input.keyPath.length > 1) return []
  const name = headerAttribute(header)
  if (header.toLowerCase() === 'user-agent') return [anyOf([named(attribute.userAgent), named(name)])]
  // Where the value is not stored it may have been one of these.
  return [anyOf([named(name), `-@${name}:*`])]
}
