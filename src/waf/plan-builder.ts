import type { Condition, Input } from './condition.ts'
import { noTime } from './operator.ts'
import { isParameter, openChannels } from './evaluate/channel.ts'
import { focus } from './evaluate/lens.ts'
import { PathTree } from './evaluate/path-tree.ts'
import type { PathItem, PathNode } from './evaluate/path-tree.ts'
import { ordinaryValues } from './prefilter/ordinary-text.ts'
import type { Need } from './prefilter/required-literals.ts'
import { LiteralScanner, needRarity } from './prefilter/literal-scanner.ts'
import type { Requirement } from './prefilter/literal-scanner.ts'
import type { WafLimits } from './waf.ts'
import type { PlannedCondition, PlannedRule, Reader, AddressPlan } from './plan.ts'

interface AddressDraft {
  readonly paths: PathTree
  readonly readers: Reader[]
  /** Whether exclusions hide something of it. */
  isHidden: boolean
  isKept: boolean
  stirs: number
  feeds: number
}

/** Collects what a plan reads of each address, and plans the addresses. */
export class PlanBuilder {
  readonly #drafts = new Map<string, AddressDraft>()
  readonly #conditions: PlannedCondition[] = []
  /** Addresses that have a bit of their own in `stirs`. */
  #stirring = 0

  address(name: string): AddressDraft {
    let draft = this.#drafts.get(name)
    if (draft !== undefined) return draft
    draft = { paths: new PathTree(), readers: [], isHidden: false, isKept: false, stirs: 0, feeds: 0 }
    this.#drafts.set(name, draft)
    return draft
  }

  /** Whether something that was planned so far reads the address. */
  reads(address: string): boolean {
    return this.#drafts.has(address)
  }

  path(address: string, keyPath: readonly PathItem[]): PathNode {
    return this.address(address).paths.add(keyPath)
  }

  /** The path, of whose address the value is kept for later runs. */
  keptPath(address: string, keyPath: readonly PathItem[]): PathNode {
    this.address(address).isKept = true
    return this.path(address, keyPath)
  }

  /** The path, whose address a processor reads. */
  fedPath(address: string, keyPath: readonly PathItem[], feed: number): PathNode {
    this.address(address).feeds |= feed
    return this.path(address, keyPath)
  }

  conditions(conditions: readonly Condition[], owner: number): PlannedCondition[] {
    return conditions.map((condition, position) => {
      const planned = this.#plan(condition, owner, {
        isFirst: position === 0 && owner >= 0,
        isAnchor: false,
        isLate: false,
      })
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
  ): Pick<PlannedRule, 'conditions' | 'deferred' | 'stirredBy'> {
    const anchor = conditions.length > 1 ? anchorOf(conditions) : undefined
    if (anchor === undefined) return { conditions: this.conditions(conditions, owner), deferred: [], stirredBy: 0 }
    const deferred: Reader[] = []
    const planned = conditions.map((condition, position) => {
      const isAnchor = condition === anchor
      const one = this.#plan(condition, owner, {
        isFirst: position === 0,
        isAnchor,
        isLate: isAnchor && isLate(anchor),
      })
      const readers = this.#readers(one)
      if (isAnchor) for (const reader of readers) this.address(reader.input.address).readers.push(reader)
      if (!isAnchor || one.isLate) deferred.push(...readers)
      return one
    })
    let stirredBy = 0
    for (const { input } of deferred) {
      const draft = this.address(input.address)
      draft.isKept = true
      if (draft.stirs === 0) draft.stirs = 1 << (this.#stirring++ & 31)
      stirredBy |= draft.stirs
    }
    return { conditions: planned, deferred, stirredBy }
  }

  #plan(
    condition: Condition,
    owner: number,
    place: Pick<PlannedCondition, 'isFirst' | 'isAnchor' | 'isLate'>,
  ): PlannedCondition {
    const planned: PlannedCondition = { id: this.#conditions.length, condition, owner, ...place }
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
    const drafts = [...this.#drafts]
    const resourceBits = bitsOf(drafts.flatMap(([, { readers }]) => readers.flatMap(resourcesOf)))
    for (const group of groupAlike(drafts)) {
      const scanner = yield* LiteralScanner.building(requirementsOf(group.flatMap(([, { readers }]) => readers)))
      for (const [name, { paths, readers, isHidden, isKept, stirs, feeds }] of group) {
        const focused = focus(readers, isScannable, scanner)
        const resources = focused.direct
          .filter(isParameter)
          .flatMap(resourcesOf)
          .reduce((bits, one) => bits | (resourceBits.get(one) ?? 0), 0)
        const maxTexts = isHeaders(name) ? limits.maxCleanTexts : 0
        plans.set(name, {
          name,
          paths,
          ...focused,
          scanner,
          channel: isHidden ? undefined : openChannels(paths.root, { ...focused, scanner, maxTexts }),
          resources,
          resource: resourceBits.get(name) ?? 0,
          feeds,
          isKept: isKept || resources !== 0,
          stirs,
          limits,
        })
        yield
      }
    }
    return plans
  }
}

function isScannable({ condition: { condition } }: Reader): boolean {
  return condition.kind === 'scalar' && condition.need !== undefined
}

/**
 * The condition of which the scanner knows most. Where it knows nothing rare, one that matches nothing ordinary. Undefined
 * when there is none.
 */
function anchorOf(conditions: readonly Condition[]): Condition | undefined {
  let best: Condition | undefined
  let bestRarity = 0
  for (const condition of conditions) {
    const rarity = condition.kind === 'scalar' && condition.need !== undefined ? needRarity(condition.need) : 0
    if (rarity > bestRarity) [best, bestRarity] = [condition, rarity]
  }
  if (best !== undefined || conditions.some(({ kind }) => kind === 'exploit')) return best
  return conditions.filter(isUnusual).sort((a, b) => b.operatorValue.length - a.operatorValue.length)[0]
}

/**
 * Whether the condition can be asked from what the gate keeps of its value, so that it need not be asked at once. Of headers
 * the gate remembers what concerned nobody, so there it must know.
 */
function isLate(condition: Condition): boolean {
  if (condition.kind !== 'scalar' || condition.accepts !== 'text') return false
  const [input, ...others] = condition.inputs
  if (input === undefined || others.length > 0) return false
  const isWhole = input.keyPath.length === 0 && input.source === 'values'
  return isWhole && input.transformers.transformers.length === 0 && !isHeaders(input.address)
}

function isUnusual(condition: Condition): boolean {
  return (
    condition.kind === 'scalar' &&
    condition.need !== undefined &&
    ordinaryValues.every((value) => condition.match(value, noTime) === undefined)
  )
}

function resourcesOf({ condition: { condition } }: Reader): string[] {
  return condition.kind === 'exploit' ? condition.resource.map(({ address }) => address) : []
}

/** A bit for each name; more than 32 share bits. */
function bitsOf(names: readonly string[]): Map<string, number> {
  return new Map([...new Set(names)].map((name, index) => [name, 1 << (index & 31)]))
}

/** The same header values come with request after request. */
function isHeaders(address: string): boolean {
  return /(?:^|\.)headers(?:\.|$)/.test(address)
}

function requirementsOf(readers: readonly Reader[]): Requirement[] {
  const needs = new Map<number, Need>()
  for (const { condition } of readers.filter(isScannable))
    if (condition.condition.kind === 'scalar' && condition.condition.need !== undefined)
      needs.set(condition.id, condition.condition.need)
  return [...needs].map(([id, need]) => ({ id, need }))
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

export function inputsOf(condition: Condition): readonly Input[] {
  return condition.kind === 'exploit'
    ? [...condition.resource, ...condition.params, ...condition.dialect]
    : condition.inputs
}
