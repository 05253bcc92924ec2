import type { WafEvent } from '../../model/waf-event.ts'
import type { Action } from '../action.ts'
import { actionsOf, isBlocking } from '../action.ts'
import type { Obfuscator } from '../obfuscator.ts'
import type { Plan, PlannedCondition, PlannedFilter, PlannedRule } from '../plan.ts'
import { verdict } from '../plan.ts'
import { RunActions } from './actions.ts'
import type { Attributes } from './attributes.ts'
import { evaluateCondition } from './evaluate-condition.ts'
import type { EvaluationScope } from './evaluate-condition.ts'
import type { Found } from './found.ts'
import { reportEvent } from './report-event.ts'
import { placesAt } from './hidden.ts'
import type { HiddenPlaces } from './hidden.ts'
import { layersOf } from './layer.ts'
import type { Layer } from './layer.ts'
import type { Place } from './value-tree.ts'

/** What a run found. */
export interface Findings {
  readonly events: WafEvent[]
  readonly actions: RunActions
  matched: boolean
  keep: boolean
}

/** Modules before this place in the order are evaluated even when time is up, unless it was while exclusions were looked at. */
const UNTIMED_MODULES = 2

const noFilters: readonly PlannedFilter[] = []

/** Evaluates the filters that are due; what matches stays in force for the layer of its data. */
export function evaluateFilters(plan: Plan, scope: EvaluationScope): readonly PlannedFilter[] {
  if (plan.filters.length === 0) return noFilters
  const matched: PlannedFilter[] = []
  for (const filter of plan.filters) {
    if (scope.layer.isInForce(filter)) {
      matched.push(filter)
      continue
    }
    if (filter.conditions.length > 0 && !isDue(filter.index, scope.layer)) continue
    const result = evaluateAll(filter.conditions, undefined, scope)
    if (result === undefined) continue
    result.layer.putInForce(filter)
    matched.push(filter)
  }
  return matched
}

/** Evaluates the rules that are due, in order, until one blocks; undefined when none is. */
export function evaluateRules(
  plan: Plan,
  filters: readonly PlannedFilter[],
  scope: EvaluationScope,
  attributes: Attributes,
  obfuscator: Obfuscator,
): Findings | undefined {
  const due = dueRules(plan, scope.layer)
  if (due.length === 0) return undefined
  const findings: Findings = { events: [], actions: new RunActions(), matched: false, keep: false }
  const areFiltersKnown = plan.filters.length === 0 || !scope.isOver()
  for (const index of due) {
    const planned = plan.rules[index]
    if (planned === undefined || scope.layer.hasMatched(index)) continue
    scope.isTimed = planned.moduleRank >= UNTIMED_MODULES || !areFiltersKnown
    if (scope.isOver()) break
    const { collection } = planned
    if (collection !== undefined && scope.layer.collectionVerdict(collection) >= planned.verdict) continue
    const exclusion = exclusionOf(index, filters, plan, scope.layer)
    if (exclusion.mode === 'bypass') continue
    const result = evaluateAll(planned.conditions, exclusion.hidden, scope)
    if (result === undefined) {
      if (!scope.isOver()) scope.layer.settle(index)
      continue
    }
    const outcome = outcomeOf(planned, exclusion.mode, plan)
    result.layer.matched(index, collection, outcome.verdict)
    report(planned, outcome, result.matches, scope, attributes, obfuscator, findings)
    if (outcome.verdict === verdict.block) break
  }
  scope.isTimed = true
  return findings
}

type Outcome = Pick<PlannedRule, 'verdict' | 'onMatch' | 'actions'>

/** What the rule does: its own actions, or those that an exclusion puts in the place of the blocking ones. */
function outcomeOf(planned: PlannedRule, mode: string | undefined, plan: Plan): Outcome {
  if (mode === undefined) return planned
  const onMatch = [mode, ...planned.onMatch.filter((id) => id !== mode && !isReplaced(plan.actions.get(id)))]
  return {
    verdict: mode === 'monitor' ? verdict.monitor : verdict.block,
    onMatch,
    actions: actionsOf(onMatch, plan.actions),
  }
}

/** Whether an exclusion puts its own in the place of the action. */
function isReplaced(action: Action | undefined): boolean {
  return isBlocking(action) || action?.type === 'monitor'
}

function report(
  planned: PlannedRule,
  outcome: Outcome,
  matches: readonly Found[],
  scope: EvaluationScope,
  attributes: Attributes,
  obfuscator: Obfuscator,
  findings: Findings,
): void {
  const { rule } = planned
  findings.matched = true
  findings.keep ||= rule.keep
  const ids = findings.actions.add(outcome.actions)
  for (const attribute of planned.attributes) attributes.add(attribute, scope.layer)
  if (rule.event) findings.events.push(reportEvent(planned, outcome.onMatch, matches, ids, obfuscator))
}

/** The matches of all conditions and the topmost layer that holds one of them; undefined unless every condition holds. */
export function evaluateAll(
  conditions: readonly PlannedCondition[],
  hidden: HiddenPlaces | undefined,
  scope: EvaluationScope,
): { readonly matches: Found[]; readonly layer: Layer } | undefined {
  let matches: Found[] | undefined
  let topmost: Layer | undefined
  for (const condition of conditions) {
    const match = evaluateCondition(condition, hidden, scope)
    if (match === undefined) return undefined
    matches ??= []
    matches.push(match.found)
    if (topmost === undefined || depthOf(match.layer) > depthOf(topmost)) topmost = match.layer
  }
  return { matches: matches ?? [], layer: topmost ?? bottomOf(scope.layer) }
}

function bottomOf(layer: Layer): Layer {
  let at = layer
  while (at.below !== undefined) at = at.below
  return at
}

function depthOf(layer: Layer): number {
  return layer.below === undefined ? 0 : 1 + depthOf(layer.below)
}

const nothingDue: readonly number[] = []

/** The rules with something new in this layer or below, in order; filters, numbered after them, are left out. */
function dueRules(plan: Plan, top: Layer): readonly number[] {
  let due: number[] | undefined
  for (let layer: Layer | undefined = top; layer !== undefined; layer = layer.below) {
    if (layer.due.size === 0) continue
    due ??= []
    for (const index of layer.due)
      if (index < plan.rules.length && (layer === top || !due.includes(index))) due.push(index)
  }
  return due?.sort((a, b) => a - b) ?? nothingDue
}

function isDue(index: number, layer: Layer): boolean {
  for (const one of layersOf(layer)) if (one.due.has(index)) return true
  return false
}

/** What the filters in force do to a rule: the strongest mode, and all places hidden from it. */
function exclusionOf(
  rule: number,
  filters: readonly PlannedFilter[],
  plan: Plan,
  layer: Layer,
): { readonly mode: string | undefined; readonly hidden: HiddenPlaces | undefined } {
  let mode: string | undefined
  let hidden: Set<Place> | undefined
  for (const { exclusion, rules } of filters) {
    if (rules !== undefined && !rules.has(rule)) continue
    if (exclusion.hides === undefined) {
      if (rankOf(exclusion.mode) === 2 && !isBlocking(plan.actions.get(exclusion.mode))) continue
      if (mode === undefined || rankOf(exclusion.mode) <= rankOf(mode)) mode = exclusion.mode
      continue
    }
    hidden ??= new Set()
    for (const { address, keyPath } of exclusion.hides)
      for (const one of layersOf(layer)) {
        const tree = one.own(address)?.tree
        if (tree !== undefined) for (const place of placesAt(tree, keyPath)) hidden.add(place)
      }
  }
  return { mode, hidden }
}

/** Precedence of modes: bypass, then monitor, then an action, which must be one that blocks; of several, the last. */
function rankOf(mode: string): number {
  return mode === 'bypass' ? 0 : mode === 'monitor' ? 1 : 2
}
