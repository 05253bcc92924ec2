import { Attributes } from './evaluate/attributes.ts'
import { RunActions } from './evaluate/actions.ts'
import { evaluateFilters, evaluateRules } from './evaluate/evaluate-rules.ts'
import type { Findings } from './evaluate/evaluate-rules.ts'
import { MAX_EXPLOIT_CHARACTERS } from './evaluate/evaluate-condition.ts'
import type { EvaluationScope } from './evaluate/evaluate-condition.ts'
import { arriveTree } from './evaluate/arrive.ts'
import { Layer } from './evaluate/layer.ts'
import { runProcessors } from './evaluate/process.ts'
import { walkValue } from './evaluate/value-tree.ts'
import type { WalkBudget } from './evaluate/value-tree.ts'
import type { Obfuscator } from './obfuscator.ts'
import type { Plan } from './plan.ts'
import type { Addresses, RunOptions, Truncation, WafClock, WafContext, WafLimits, WafResult } from './waf.ts'

/** What an engine's contexts share. */
export interface ContextScope {
  readonly plan: Plan
  readonly obfuscator: Obfuscator
  readonly limits: Required<WafLimits>
  readonly clock: WafClock
}

/** Reads of the clock that one asks for between two real ones. */
const CLOCK_EVERY = 16
/** Set once something matched; the next run with new data sees it. */
const EVENT_ADDRESS = 'waf.context.event'

/** Opens a context on a plan; it stays on that plan when the engine goes on to another. */
export function createContext(scope: ContextScope): WafContext {
  return openContext(scope, new Layer(undefined), new Attributes())
}

function openContext(scope: ContextScope, own: Layer, attributes: Attributes): WafContext {
  let disposed = false

  function run(
    data: { readonly persistent?: Addresses; readonly ephemeral?: Addresses },
    options: RunOptions = {},
  ): WafResult {
    const startedNs = scope.clock.monotonicNs()
    const { plan } = scope
    const budget = openBudget(scope.limits, options)
    const isOver = stopwatch(scope.clock, startedNs, options.budgetUs)
    const findings: Findings = { events: [], actions: new RunActions(), matched: false, keep: false }
    let layer = own
    let fresh = false
    if (!disposed) {
      fresh = storeAll(data.persistent, own, plan, budget, () => false)
      if (hasKeys(data.ephemeral)) {
        layer = new Layer(own)
        fresh = storeAll(data.ephemeral, layer, plan, budget, (name) => own.tree(name) !== undefined) || fresh
      }
    }
    if (fresh) {
      const evaluation: EvaluationScope = {
        layer,
        nowSeconds: Math.floor(scope.clock.nowMs() / 1000),
        isOver: isOver.ask,
        exploitBudget: { left: MAX_EXPLOIT_CHARACTERS },
      }
      const keep = (address: string, value: unknown, target: Layer): void => {
        if (plan.addresses.has(address)) store(address, value, target, plan, budget)
        else target.trees.set(address, walkValue(address, value, emptyPaths, { ...budget, bytes: 0 }))
      }
      runProcessors(plan.preprocessors, evaluation, attributes, keep)
      const filters = evaluateFilters(plan, evaluation)
      evaluateRules(plan, filters, evaluation, attributes, scope.obfuscator, findings)
      runProcessors(plan.postprocessors, evaluation, attributes, keep)
      attributes.resolve(layer)
      if (evaluation.exploitBudget.left < 0) budget.exhausted = true
      if (findings.matched) store(EVENT_ADDRESS, true, own, plan, budget)
    }
    const truncated = truncationOf(budget)
    return {
      matched: findings.matched,
      events: findings.events,
      actions: findings.actions.toRecord(),
      attributes: attributes.take(),
      keep: findings.keep,
      timeout: isOver.over(),
      ...(truncated === undefined ? {} : { truncated }),
      durationNs: scope.clock.monotonicNs() - startedNs,
    }
  }

  return {
    run,
    createSubcontext: () => openContext(scope, new Layer(own), attributes),
    dispose() {
      disposed = true
      own.trees.clear()
      own.conditions.clear()
      own.due.clear()
    },
  }
}

/** Walks the values of the addresses that the plan reads; single values first, so that large ones cannot starve them. */
function storeAll(
  given: Addresses | undefined,
  layer: Layer,
  plan: Plan,
  budget: WalkBudget,
  isTaken: (name: string) => boolean,
): boolean {
  if (given === undefined) return false
  const names = Object.keys(given).filter(
    (name) => given[name] !== undefined && plan.addresses.has(name) && !isTaken(name),
  )
  const values = names.map((name) => ({ name, value: given[name] }))
  values.sort((a, b) => Number(isContainer(a.value)) - Number(isContainer(b.value)))
  for (const { name, value } of values) store(name, value, layer, plan, budget)
  return values.length > 0
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** Walks one value and hands what it holds to the conditions that read it. */
function store(name: string, value: unknown, layer: Layer, plan: Plan, budget: WalkBudget): boolean {
  const address = plan.addresses.get(name)
  if (address === undefined) return false
  const tree = walkValue(name, value, address.paths.root, budget)
  layer.trees.set(name, tree)
  arriveTree(tree, address, layer)
  return true
}

const emptyPaths = { id: 0, path: [], children: new Map<never, never>(), indices: false, wanted: true }

function openBudget(limits: Required<WafLimits>, options: RunOptions): WalkBudget {
  return {
    bytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    maxStringBytes: limits.maxStringBytes,
    maxContainerSize: limits.maxContainerSize,
    maxDepth: limits.maxDepth,
    longestString: 0,
    largestContainer: 0,
    deepest: 0,
    exhausted: false,
    unreadable: 0,
  }
}

/** Input that one run looks at unless told otherwise: ten times what body parsers accept by default. */
const DEFAULT_MAX_BYTES = 1 << 20

function truncationOf(budget: WalkBudget): Truncation | undefined {
  const { longestString, largestContainer, deepest, exhausted, unreadable } = budget
  if (longestString + largestContainer + deepest + unreadable === 0 && !exhausted) return undefined
  return {
    ...(longestString > 0 ? { stringLength: longestString } : {}),
    ...(largestContainer > 0 ? { containerSize: largestContainer } : {}),
    ...(deepest > 0 ? { containerDepth: deepest } : {}),
    ...(exhausted ? { budgetEnded: true } : {}),
    ...(unreadable > 0 ? { unreadable } : {}),
  }
}

function stopwatch(
  clock: WafClock,
  startedNs: number,
  budgetUs: number | undefined,
): { readonly ask: () => boolean; readonly over: () => boolean } {
  if (budgetUs === undefined) return { ask: () => false, over: () => false }
  const endNs = startedNs + budgetUs * 1000
  let asked = 0
  let over = false
  return {
    ask() {
      if (over) return true
      if (asked % CLOCK_EVERY === 0) over = clock.monotonicNs() >= endNs
      asked += 1
      return over
    },
    over: () => over,
  }
}

function hasKeys(given: Addresses | undefined): boolean {
  return given !== undefined && Object.keys(given).length > 0
}
