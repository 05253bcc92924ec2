import type { SpanRecord } from '../../model/span-record.ts'
import type { WafRoute, WafRuleObject } from '../../model/waf-rule.ts'
import { explain, type ConditionExplanation } from '../../waf/explain.ts'
import type { WafClock } from '../../waf/waf.ts'
import { wireRules } from '../wire-rule.ts'
import { addressValue, headerOf } from './record-addresses.ts'
import { headersAddress, inputsOf, unreplayableInputs, type UnreplayableInput } from './rule-inputs.ts'

/** Why a rule does or does not match a request of the past, condition by condition, those of its routes first. */
export interface RecordExplanation {
  readonly matched: boolean
  readonly conditions: readonly ConditionExplanation[]
  /** Inputs that cannot be told from what is stored; their conditions say `absent`. */
  readonly unreplayable: readonly UnreplayableInput[]
}

/** Explains a rule on a stored request. Throws RULESET_INVALID or RULE_UNKNOWN_OPERATOR. */
export function explainRecord(
  { rule, routes }: { readonly rule: WafRuleObject; readonly routes: readonly WafRoute[] },
  { attributes }: Pick<SpanRecord, 'attributes'>,
  clock: WafClock,
): RecordExplanation {
  const alternatives = wireRules({ id: 'explained', name: 'explained', rule, routes }, [])
  const explained = alternatives.map((one) => explain(one, addressesOf(one, attributes), { clock }))
  const best = explained.find(({ matched }) => matched) ?? explained[0]
  return {
    matched: best?.matched === true,
    conditions: best?.conditions ?? [],
    unreplayable: unreplayableInputs(rule),
  }
}

function addressesOf(rule: WafRuleObject, attributes: SpanRecord['attributes']): Readonly<Record<string, unknown>> {
  const addresses: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  for (const { address, keyPath } of rule.conditions.flatMap(inputsOf)) {
    if (address !== headersAddress) {
      const value = addressValue(attributes, address)
      if (value !== undefined) addresses[address] = value
      continue
    }
    const [name] = keyPath
    const found = name === undefined ? undefined : headerOf(attributes, String(name))
    if (found?.state === 'present') headers[String(name)] = found.value ?? '(not recorded)'
    addresses[headersAddress] = headers
  }
  return addresses
}
