import type { Input } from '../condition.ts'
import type { PlannedCondition } from '../plan.ts'
import type { EvaluationScope } from './evaluate-condition.ts'
import { absent, unclear } from './gate.ts'

/**
 * Whether a condition may hold on what has arrived in a layer without others below. Answered from what the gate kept,
 * without a tree; true wherever only the tree can tell. No condition holds of which this says that it does not.
 */
export function mayHold({ condition }: PlannedCondition, scope: EvaluationScope): boolean {
  if (condition.kind === 'exploit') return true
  for (const input of condition.inputs) if (mayHoldOn(input, condition, scope)) return true
  return false
}

function mayHoldOn(
  { address, keyPath, source, transformers }: Input,
  condition: Exclude<PlannedCondition['condition'], { readonly kind: 'exploit' }>,
  scope: EvaluationScope,
): boolean {
  const stored = scope.layer.own(address)
  if (stored === undefined) return false
  if (stored.before !== undefined || source === 'keys') return true
  const value = stored.kept(keyPath)
  if (value === unclear) return true
  if (condition.kind === 'presence') return (value === absent) === condition.negated
  if (value === absent) return false
  const { accepts } = condition
  const isAccepted = typeof value === 'string' && (accepts === 'text' || accepts === 'string')
  const isPlainText = isAccepted && transformers.transformers.length === 0
  if (!isPlainText || condition.list !== undefined || scope.isOver()) return true
  return (condition.match(value, scope) === undefined) === condition.negated
}
