import type { Action } from './action.ts'
import { actionsOf, builtInActions, isBlocking } from './action.ts'
import type { Config } from './load/parse-config.ts'
import { isTarget } from './load/parse-target.ts'
import type { ProcessorSpec } from './load/parse-processor.ts'
import type { RuleTarget } from './load/parse-target.ts'
import type { Module, Rule } from './rule.ts'
import { moduleNamed, moduleOrder } from './rule.ts'
import type { Scanner } from './scanner.ts'
import type { WafLimits } from './waf.ts'
import { inputsOf, PlanBuilder } from './plan-builder.ts'
import { SHARED_FEED, verdict } from './plan.ts'
import type { PlannedCondition, PlannedFilter, PlannedInput, PlannedMapping, PlannedRule, Plan } from './plan.ts'

/** Orders and joins the configurations, pausing between rules. */
export function* buildPlan(configs: readonly Config[], limits: Required<WafLimits>): Generator<void, Plan> {
  const builder = new PlanBuilder()
  const actions = new Map(builtInActions)
  for (const config of configs) for (const action of config.actions) actions.set(action.id, action)

  const overrides = configs.flatMap((config) => config.overrides)
  const overridden = configs.flatMap((config) => config.rules).map((rule) => override(rule, overrides))
  const ordered = orderRules(
    overridden.filter((one) => one.enabled),
    actions,
  )
  const rules: PlannedRule[] = []
  for (const [index, one] of ordered.entries()) {
    rules.push({
      ...one,
      index,
      ...builder.ruleConditions(one.rule.conditions, index),
      attributes: one.rule.attributes.map((source) => ({
        source,
        from: 'input' in source ? builder.keptPath(source.input.address, source.input.keyPath) : undefined,
      })),
    })
    yield
  }

  const exclusions = configs.flatMap((config) => config.exclusions)
  const filters = exclusions.map((exclusion, position): PlannedFilter => {
    const index = rules.length + position
    for (const { address, keyPath } of exclusion.hides ?? []) {
      builder.address(address).isHidden = true
      if (!keyPath.includes('*')) builder.path(address, keyPath)
    }
    return {
      index,
      exclusion,
      conditions: builder.conditions(exclusion.conditions, index),
      rules: targetedRules(exclusion.targets, rules),
    }
  })
  yield
  const { preprocessors, postprocessors } = planProcessors(configs, builder)
  const addresses = yield* builder.addresses(limits)
  return {
    rules,
    filters,
    preprocessors,
    postprocessors,
    actions,
    addresses,
    knownAddresses: new Set(addresses.keys()),
  }
}

interface OverriddenRule {
  readonly rule: Rule
  readonly enabled: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly onMatch: readonly string[]
  readonly module: Module
}

/**
 * What the overrides make of the rule: those by id win over those by tags, of either kind the first in the file. The
 * rule's own tags stay.
 */
function override(rule: Rule, overrides: Config['overrides']): OverriddenRule {
  let { enabled, onMatch } = rule
  const added: Record<string, string> = Object.create(null)
  if (rule.source === 'base') {
    for (const byId of [false, true]) {
      for (const one of overrides.toReversed()) {
        if (!one.targets.some((target) => 'id' in target === byId && isTarget(target, rule))) continue
        enabled = one.enabled ?? enabled
        onMatch = one.onMatch ?? onMatch
        Object.assign(added, one.tags)
      }
    }
  }
  const tags = { ...added, ...rule.tags }
  return { rule, enabled, onMatch, tags, module: moduleNamed(tags['module']) ?? 'waf' }
}

type OrderedRule = Omit<PlannedRule, 'index' | 'conditions' | 'deferred' | 'stirredBy' | 'attributes'>

/** Modules whose base rules come before the custom ones. */
const baseFirst: ReadonlySet<string> = new Set(['network-acl', 'authentication-acl', 'rasp'])

function orderRules(rules: readonly OverriddenRule[], actions: ReadonlyMap<string, Action>): OrderedRule[] {
  const typeRanks = new Map<string, number>()
  const keyed = rules.map((one, position) => {
    const { module } = one
    const { source, tags } = one.rule
    const type = tags['type'] ?? ''
    const blocks = one.onMatch.some((id) => isBlocking(actions.get(id)))
    const moduleRank = moduleOrder.indexOf(module)
    if (!typeRanks.has(type)) typeRanks.set(type, typeRanks.size)
    const isWaf = module === 'waf'
    const planned: OrderedRule = {
      rule: one.rule,
      tags: one.tags,
      onMatch: one.onMatch,
      actions: actionsOf(one.onMatch, actions),
      verdict: blocks ? verdict.block : verdict.monitor,
      moduleRank,
      collection: isWaf ? type : undefined,
    }
    const sourceRank = (source === 'base') === baseFirst.has(module) ? 0 : 1
    const key = [moduleRank, blocks ? 0 : 1, sourceRank, isWaf ? (typeRanks.get(type) ?? 0) : 0, position]
    return { planned, key }
  })
  return keyed.sort((a, b) => compareKeys(a.key, b.key)).map((one) => one.planned)
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function targetedRules(targets: readonly RuleTarget[], rules: readonly PlannedRule[]): Set<number> | undefined {
  if (targets.length === 0) return undefined
  const hit = rules.filter(({ rule, tags }) => targets.some((target) => isTarget(target, { id: rule.id, tags })))
  return new Set(hit.map((one) => one.index))
}

/** The mappings of the processors that go before the rules, and of those that go after them. */
function planProcessors(
  configs: readonly Config[],
  builder: PlanBuilder,
): Pick<Plan, 'preprocessors' | 'postprocessors'> {
  const scanners = configs.flatMap((config) => config.scanners)
  const overrides = configs.flatMap((config) => config.processorOverrides)
  const chosen = (targets: readonly RuleTarget[]): Scanner[] =>
    scanners.filter((scanner) => targets.some((target) => isTarget(target, scanner)))
  const specs = configs.flatMap((config) => config.processors)
  const fed = new Set(specs.flatMap(addressesOf))
  const preprocessors: PlannedMapping[] = []
  const postprocessors: PlannedMapping[] = []
  let feed = 1
  for (const spec of specs) {
    const { processor, evaluate } = spec
    const own = overrides.filter(({ targets }) => targets.includes(spec.id))
    const included = new Set([...chosen(spec.scanners), ...own.flatMap(({ include }) => chosen(include))])
    for (const scanner of own.flatMap(({ exclude }) => chosen(exclude))) included.delete(scanner)
    const conditions: readonly PlannedCondition[] = builder.conditions(spec.conditions, -1)
    for (const { output, inputs } of spec.mappings) {
      for (const { address, keyPath } of spec.conditions.flatMap(inputsOf)) builder.fedPath(address, keyPath, feed)
      const isRead = fed.has(output) || builder.reads(output)
      ;(evaluate ? preprocessors : postprocessors).push({
        feed,
        processor,
        conditions: conditions.length === 0 ? undefined : conditions,
        inputs: inputs.map(({ address, keyPath, required, isText }): PlannedInput => {
          return { address, path: builder.fedPath(address, keyPath, feed), required, isText }
        }),
        scanners: [...included],
        output,
        isRead,
        isKept: evaluate && isRead,
        isShown: spec.output,
      })
      if (feed !== SHARED_FEED) feed <<= 1
    }
  }
  return { preprocessors, postprocessors }
}

/** The addresses that a processor reads. */
function addressesOf({ mappings, conditions }: ProcessorSpec): string[] {
  const inputs = [...mappings.flatMap((mapping) => mapping.inputs), ...conditions.flatMap(inputsOf)]
  return inputs.map(({ address }) => address)
}
