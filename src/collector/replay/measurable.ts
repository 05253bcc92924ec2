import { isCarried } from '../../model/compact-record.ts'
import type { NewWafRule } from '../../model/waf-rule.ts'
import { isWide } from '../wire-rule.ts'
import { attributesOfAddress, attributesOfHeader } from './record-addresses.ts'
import { asksPresence, derivedAddresses, headersAddress, inputsOf, type RuleInput } from './rule-inputs.ts'

/** Only logins have these, and every login is kept in full. */
const ofLogins = [derivedAddresses.businessLogic, 'usr.login']

/**
 * What a wide rule looks at and compact records do not carry, each once, as an address with its key path: nobody can
 * say whom such a rule would hit, so it must not block (spec/collector.md, "What is a record"). Empty for rules that
 * are limited to routes or to logins, whose requests are kept in full.
 */
export function unmeasuredInputs({ rule, routes }: Pick<NewWafRule, 'rule' | 'routes'>): readonly string[] {
  if (!isWide(routes) || rule.conditions.some(isOfLogins)) return []
  const unmeasured = rule.conditions.flatMap((condition) =>
    inputsOf(condition).filter((input) => !isMeasured(input, asksPresence(condition))),
  )
  return [...new Set(unmeasured.map(({ address, keyPath }) => [address, ...keyPath].join(':')))]
}

/** Whether a condition holds only where the request was a login; a negated one may hold where there was none. */
function isOfLogins(condition: unknown): boolean {
  const { operator } = condition as { readonly operator?: unknown }
  const inputs = inputsOf(condition)
  return (
    !String(operator).startsWith('!') &&
    inputs.length > 0 &&
    inputs.every(({ address }) => ofLogins.some((begin) => address.startsWith(begin)))
  )
}

function isMeasured({ address, keyPath }: RuleInput, presenceOnly: boolean): boolean {
  // The route stands for the path; a query is in the URL only.
  if (address === derivedAddresses.query) return false
  if (address !== headersAddress) return attributesOfAddress(address).some(isCarried)
  const [name] = keyPath
  if (typeof name !== 'string' || keyPath.length > 1) return false
  return (presenceOnly || name.toLowerCase() === 'user-agent') && attributesOfHeader(name).some(isCarried)
}
