import { PortcullisError } from '../../model/error.ts'
import { readWafRule, type WafRuleObject, type WafRuleProblem } from '../../model/waf-rule.ts'
import { compileRuleset } from '../../waf/compile-ruleset.ts'
import type { WafClock } from '../../waf/waf.ts'
import type { CheckedWafRule } from './waf-rules.ts'

/** Only endings of lists are looked up by it, which a check does not do. */
const noClock: WafClock = { nowMs: () => 0, monotonicNs: () => 0 }

/** Reads a managed rule from outside and compiles it with the engine of the tracers: all its problems, or the rule. */
export function checkWafRule(value: unknown): CheckedWafRule {
  const read = readWafRule(value)
  if (read.problems !== undefined) return read
  const { conditions, ...others } = read.rule.rule
  // One at a time, since the engine says of a rule only what is wrong first.
  const problems = conditions.flatMap((condition, index) =>
    problemsOf({ conditions: [condition] }, (path) => path.replace('conditions[0]', `conditions[${index}]`)),
  )
  if (problems.length === 0) problems.push(...problemsOf({ ...others, conditions }, ofTransformers))
  return problems.length > 0 ? { problems } : read
}

function problemsOf(rule: WafRuleObject, place: (path: string) => string): readonly WafRuleProblem[] {
  const { on_match: _actions, ...others } = rule
  const whole = { id: 'checked', name: 'checked', tags: { type: 'custom', category: 'attack_attempt' }, ...others }
  try {
    compileRuleset({ version: '2.2', custom_rules: [whole] }, { clock: noClock })
    return []
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    const found = /custom_rules\[0\](\S*?): (.*?)\)?$/s.exec(error.message)
    if (found === null) return [{ path: '$.rule', message: error.message }]
    const [, path = '', message = ''] = found
    return [{ path: place(`$.rule${path}`), message }]
  }
}

/** Transformers of the rule are read as those of its inputs, and complained of there. */
function ofTransformers(path: string): string {
  return path.replace(/\.conditions\[\d+\]\.parameters\.inputs\[\d+\](\[\d+\])$/, '.transformers$1')
}
