import type { Action } from './action.ts'
import { builtInActions, isBlocking } from './action.ts'
import type { Condition, Input } from './condition.ts'
import { isParameter, openChannels } from './evaluate/channel.ts'
import type { Channel } from './evaluate/channel.ts'
import { focus } from './evaluate/lens.ts'
import type { Lens } from './evaluate/lens.ts'
import { PathTree } from './evaluate/path-tree.ts'
import type { PathItem, PathNode } from './evaluate/path-tree.ts'
import type { Config } from './load/parse-config.ts'
import type { Exclusion } from './load/parse-exclusion.ts'
import type { ProcessorSpec } from './load/parse-processor.ts'
import { isTarget } from './load/parse-target.ts'
import type { RuleTarget } from './load/parse-target.ts'
import type { Need } from './prefilter/required-literals.ts'
import { LiteralScanner, needRarity } from './prefilter/literal-scanner.ts'
import type { AttributeSource, Rule } from './rule.ts'
import { moduleOrder } from './rule.ts'
import type { Scanner } from './scanner.ts'
import type { WafLimits } from './waf.ts'

/** What a rule does when it matches; the greater ends more. */
export const verdict = { monitor: 1, block: 2 } as const
export type Verdict = (typeof verdict)[keyof typeof verdict]

/** A condition with its number in the plan, and what becomes due when one of its inputs arrives. */
export interface PlannedCondition {
  readonly id: number
  readonly condition: Condition
  /** Number of the rule or filter; -1 for a condition of a processor, which is evaluated anyway. */
  readonly owner: number
  /** Whether it comes first in its rule. */
  readonly isFirst: boolean
  /** Whether it is the condition of its rule on which the others wait. */
  readonly isAnchor: boolean
}

export interface PlannedRule {
  /** Place in the order of evaluation. */
  readonly index: number
  readonly rule: Rule
  readonly tags: Readonly<Record<string, string>>
  readonly onMatch: readonly string[]
  readonly verdict: Verdict
  readonly moduleRank: number
  /** The collection it belongs to in module `waf`; other modules have none. */
  readonly collection: string | undefined
  readonly conditions: readonly PlannedCondition[]
  /** What the conditions read that are looked at only once the anchor may match. */
  readonly deferred: readonly Reader[]
  readonly attributes: readonly PlannedAttribute[]
}

/** An attribute of a rule, with the place its value comes from. */
export interface PlannedAttribute {
  readonly source: AttributeSource
  readonly from: PathNode | undefined
}

export interface PlannedFilter {
  /** Number among rules and filters. */
  readonly index: number
  readonly exclusion: Exclusion
  readonly conditions: readonly PlannedCondition[]
  /** Places of the rules it is for; undefined: all. */
  readonly rules: ReadonlySet<number> | undefined
}

/** A mapping of a processor, with the places of its inputs. */
export interface PlannedMapping {
  readonly output: string
  readonly inputs: readonly {
    readonly name: string
    readonly address: string
    readonly path: PathNode
    /** Whether nothing is made without it. */
    readonly required: boolean
  }[]
  /** Whether the configuration leaves out an input without which nothing is made. */
  readonly missing: boolean
}

export interface PlannedProcessor {
  readonly spec: ProcessorSpec
  readonly mappings: readonly PlannedMapping[]
  readonly conditions: readonly PlannedCondition[]
  readonly scanners: readonly Scanner[]
}

/** One input of a condition, at the path it reads. */
export interface Reader {
  readonly condition: PlannedCondition
  readonly inputIndex: number
  readonly input: Input
  readonly path: PathNode
}

/** What the plan reads of one address. */
export interface AddressPlan {
  readonly name: string
  readonly paths: PathTree
  /** Readers whose conditions the scanner knows, by what they look at. */
  readonly lenses: readonly Lens[]
  /** The other readers. */
  readonly direct: readonly Reader[]
  readonly scanner: LiteralScanner
  /** The way by which most values pass without a tree; undefined: there is none. */
  readonly channel: Channel | undefined
  /** Inputs of exploit operators, for which the tree is walked once there is a resource to look for them in. */
  readonly parameters: readonly Reader[]
  /** Whether something may ask for the value in a later run. */
  readonly isKept: boolean
  readonly limits: Required<WafLimits>
}

/** Everything that is in force, in the order in which it is evaluated. Never changes; a new one takes its place. */
export interface Plan {
  readonly rules: readonly PlannedRule[]
  readonly filters: readonly PlannedFilter[]
  readonly preprocessors: readonly PlannedProcessor[]
  readonly postprocessors: readonly PlannedProcessor[]
  readonly actions: ReadonlyMap<string, Action>
  readonly addresses: ReadonlyMap<string, AddressPlan>
  readonly knownAddresses: ReadonlySet<string>
}

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
  const processors = planProcessors(configs, builder)
  const addresses = yield* builder.addresses(limits)
  return {
    rules,
    filters,
    preprocessors: processors.filter((one) => one.spec.evaluate),
    postprocessors: processors.filter((one) => !one.spec.evaluate),
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
}

/** Applies the overrides for the rule: those by tags first, then those by id; later ones win, tags are only added. */
function override(rule: Rule, overrides: Config['overrides']): OverriddenRule {
  let { enabled, onMatch } = rule
  const added: Record<string, string> = Object.create(null)
  if (rule.source === 'base') {
    for (const byId of [false, true]) {
      for (const one of overrides) {
        if (!one.targets.some((target) => 'id' in target === byId && isTarget(target, rule))) continue
        enabled = one.enabled ?? enabled
        onMatch = one.onMatch ?? onMatch
        for (const [name, value] of Object.entries(one.tags)) added[name] ??= value
      }
    }
  }
  return { rule, enabled, onMatch, tags: { ...added, ...rule.tags } }
}

type OrderedRule = Omit<PlannedRule, 'index' | 'conditions' | 'deferred' | 'attributes'>

/** Modules whose base rules come before the custom ones. */
const baseFirst: ReadonlySet<string> = new Set(['network-acl', 'authentication-acl', 'rasp'])

function orderRules(rules: readonly OverriddenRule[], actions: ReadonlyMap<string, Action>): OrderedRule[] {
  const typeRanks = new Map<string, number>()
  const keyed = rules.map((one, position) => {
    const { module, source, tags } = one.rule
    const type = tags['type'] ?? ''
    const blocks = one.onMatch.some((id) => isBlocking(actions.get(id)))
    const moduleRank = moduleOrder.indexOf(module)
    if (!typeRanks.has(type)) typeRanks.set(type, typeRanks.size)
    const isWaf = module === 'waf'
    const planned: OrderedRule = {
      rule: one.rule,
      tags: one.tags,
      onMatch: one.onMatch,
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

function planProcessors(configs: readonly Config[], builder: PlanBuilder): PlannedProcessor[] {
  const scanners = configs.flatMap((config) => config.scanners)
  const overrides = configs.flatMap((config) => config.processorOverrides)
  const chosen = (targets: readonly RuleTarget[]): Scanner[] =>
    scanners.filter((scanner) => targets.some((target) => isTarget(target, scanner)))
  return configs
    .flatMap((config) => config.processors)
    .map((spec) => {
      let own = chosen(spec.scanners)
      for (const one of overrides.filter(({ targets }) => targets.includes(spec.id))) {
        const excluded = new Set(chosen(one.exclude))
        own = [...new Set([...own, ...chosen(one.include)])].filter((scanner) => !excluded.has(scanner))
      }
      const required = spec.processor.inputs.filter((input) => input.required).map((input) => input.name)
      const mappings = spec.mappings.map(({ output, inputs }): PlannedMapping => ({
        output,
        missing: required.some((name) => inputs[name] === undefined),
        inputs: Object.entries(inputs).map(([name, { address, keyPath }]) => ({
          name,
          address,
          path: builder.path(address, keyPath),
          required: required.includes(name),
        })),
      }))
      return { spec, mappings, conditions: builder.conditions(spec.conditions, -1), scanners: own }
    })
}

interface AddressDraft {
  readonly paths: PathTree
  readonly readers: Reader[]
  /** Whether exclusions hide something of it. */
  isHidden: boolean
  isKept: boolean
}

class PlanBuilder {
  readonly #drafts = new Map<string, AddressDraft>()
  readonly #conditions: PlannedCondition[] = []

  address(name: string): AddressDraft {
    let draft = this.#drafts.get(name)
    if (draft === undefined)
      this.#drafts.set(name, (draft = { paths: new PathTree(), readers: [], isHidden: false, isKept: false }))
    return draft
  }

  path(address: string, keyPath: readonly PathItem[]): PathNode {
    return this.address(address).paths.add(keyPath)
  }

  /** The path, of whose address the value is kept for later runs. */
  keptPath(address: string, keyPath: readonly PathItem[]): PathNode {
    this.address(address).isKept = true
    return this.path(address, keyPath)
  }

  conditions(conditions: readonly Condition[], owner: number): PlannedCondition[] {
    return conditions.map((condition, position) => {
      const planned = this.#plan(condition, owner, position === 0 && owner >= 0, false)
      for (const reader of this.#readers(planned)) this.address(reader.input.address).readers.push(reader)
      return planned
    })
  }

  /**
   * The conditions of a rule. Of several, the one of which the scanner knows most is the anchor: the others are looked at
   * only once it may match.
   */
  ruleConditions(
    conditions: readonly Condition[],
    owner: number,
  ): { readonly conditions: readonly PlannedCondition[]; readonly deferred: readonly Reader[] } {
    const anchor = conditions.length > 1 ? anchorOf(conditions) : undefined
    if (anchor === undefined) return { conditions: this.conditions(conditions, owner), deferred: [] }
    const deferred: Reader[] = []
    const planned = conditions.map((condition, position) => {
      const one = this.#plan(condition, owner, position === 0, condition === anchor)
      const readers = this.#readers(one)
      if (condition === anchor) for (const reader of readers) this.address(reader.input.address).readers.push(reader)
      else deferred.push(...readers)
      return one
    })
    for (const { input } of deferred) this.address(input.address).isKept = true
    return { conditions: planned, deferred }
  }

  #plan(condition: Condition, owner: number, isFirst: boolean, isAnchor: boolean): PlannedCondition {
    const planned: PlannedCondition = { id: this.#conditions.length, condition, owner, isFirst, isAnchor }
    this.#conditions.push(planned)
    return planned
  }

  #readers(planned: PlannedCondition): Reader[] {
    return inputsOf(planned.condition).map((input, inputIndex) => {
      const path = this.path(input.address, input.keyPath)
      return { condition: planned, inputIndex, input, path }
    })
  }

  /** Plans each address; addresses that much the same conditions read share a scanner. */
  *addresses(limits: Required<WafLimits>): Generator<void, Map<string, AddressPlan>> {
    const plans = new Map<string, AddressPlan>()
    for (const group of groupAlike([...this.#drafts])) {
      const scanner = scannerOf(group.flatMap(([, { readers }]) => readers))
      yield
      for (const [name, { paths, readers, isHidden, isKept }] of group) {
        const focused = focus(readers, isScannable)
        const parameters = focused.direct.filter(isParameter)
        const maxTexts = isHeaders(name) ? limits.maxCleanTexts : 0
        plans.set(name, {
          name,
          paths,
          ...focused,
          scanner,
          channel: isHidden ? undefined : openChannels(paths.root, { ...focused, maxTexts }),
          parameters,
          isKept: isKept || parameters.length > 0,
          limits,
        })
      }
    }
    return plans
  }
}

function isScannable({ condition: { condition } }: Reader): boolean {
  return condition.kind === 'scalar' && condition.need !== undefined
}

/** The condition of which the scanner knows most; undefined when it knows of none. */
function anchorOf(conditions: readonly Condition[]): Condition | undefined {
  let best: Condition | undefined
  let bestRarity = 0
  for (const condition of conditions) {
    const rarity = condition.kind === 'scalar' && condition.need !== undefined ? needRarity(condition.need) : 0
    if (rarity > bestRarity) [best, bestRarity] = [condition, rarity]
  }
  return best
}

/** The same header values come with request after request. */
function isHeaders(address: string): boolean {
  return /(?:^|\.)headers(?:\.|$)/.test(address)
}

function scannerOf(readers: readonly Reader[]): LiteralScanner {
  const needs = new Map<number, Need>()
  for (const { condition } of readers.filter(isScannable))
    if (condition.condition.kind === 'scalar' && condition.condition.need !== undefined)
      needs.set(condition.id, condition.condition.need)
  return LiteralScanner.build([...needs].map(([id, need]) => ({ id, need })))
}

type NamedDraft = readonly [name: string, draft: AddressDraft]

/** Groups addresses of which one shares half of its conditions with the first of the group. */
function groupAlike(drafts: readonly NamedDraft[]): NamedDraft[][] {
  const groups: { readonly conditions: ReadonlySet<number>; readonly members: NamedDraft[] }[] = []
  const sized = drafts.map((named) => ({
    named,
    conditions: new Set(named[1].readers.filter(isScannable).map((reader) => reader.condition.id)),
  }))
  for (const { named, conditions } of sized.sort((a, b) => b.conditions.size - a.conditions.size)) {
    const home = groups.find((group) => countShared(conditions, group.conditions) * 2 >= conditions.size)
    if (home === undefined) groups.push({ conditions, members: [named] })
    else home.members.push(named)
  }
  return groups.map((group) => group.members)
}

function countShared(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  let shared = 0
  for (const id of a) if (b.has(id)) shared += 1
  return shared
}

function inputsOf(condition: Condition): readonly Input[] {
  return condition.kind === 'exploit'
    ? [...condition.resource, ...condition.params, ...condition.dialect]
    : condition.inputs
}
