import type { WafEvent, WafMatchParameter, WafRuleMatch, WafStructuredParameter } from '../../model/waf-event.ts'
import type { Condition } from '../condition.ts'
import type { Obfuscator } from '../obfuscator.ts'
import type { PlannedRule } from '../plan.ts'
import type { Found } from './found.ts'

/** Addresses whose value, matched without a key, is sent as no more than its highlight. */
const bodyAddresses: ReadonlySet<string> = new Set(['server.request.body', 'server.response.body'])
const MAX_BODY_HIGHLIGHT = 64

/** The event of a rule that matched, with secrets hidden; ids only when they are given. */
export function reportEvent(
  planned: PlannedRule,
  onMatch: readonly string[],
  matches: readonly Found[],
  ids: { readonly security_response_id?: string; readonly stack_id?: string },
  obfuscator: Obfuscator,
): WafEvent {
  const { rule, conditions, tags } = planned
  return {
    rule: { id: rule.id, name: rule.name, tags, on_match: onMatch },
    rule_matches: conditions.map(({ condition }, index) => reportMatch(condition, matches[index], obfuscator)),
    ...ids,
  }
}

function reportMatch(condition: Condition, found: Found | undefined, obfuscator: Obfuscator): WafRuleMatch {
  const { operator, operatorValue } = condition
  const parameters = found === undefined ? [] : [reportFound(condition, found, obfuscator)]
  return { operator, operator_value: operatorValue, parameters }
}

function reportFound(
  condition: Condition,
  found: Found,
  obfuscator: Obfuscator,
): WafMatchParameter | WafStructuredParameter {
  const { address } = found
  const { keyPath, value, highlight } = shorten(address, obfuscator.redact(found), obfuscator)
  if (condition.kind !== 'exploit' || found.resource === undefined)
    return { address, key_path: keyPath, value, highlight }
  const { resource, dialect } = found
  const { value: shown } = obfuscator.redact({ ...resource, highlight: [] })
  return {
    resource: { address: resource.address, key_path: resource.keyPath, value: shown },
    params: { address, key_path: keyPath, value },
    ...(dialect === undefined
      ? {}
      : { db_type: { address: dialect.address, key_path: dialect.keyPath, value: dialect.value } }),
    // A secret elsewhere in the resource is no reason to hide what matched.
    highlight: obfuscator.redact({ keyPath: resource.keyPath, value: '', highlight }).highlight,
  }
}

/** A body that is one text may be anything; where secrets are hidden, only what matched of it is shown. */
function shorten(
  address: string,
  shown: Pick<Found, 'keyPath' | 'value' | 'highlight'>,
  obfuscator: Obfuscator,
): Pick<Found, 'keyPath' | 'value' | 'highlight'> {
  if (!obfuscator.active || shown.keyPath.length > 0 || !bodyAddresses.has(address)) return shown
  const highlight = shown.highlight.map((part) => part.slice(0, MAX_BODY_HIGHLIGHT))
  return { keyPath: shown.keyPath, value: highlight[0] ?? '', highlight }
}
