import { Attributes } from './evaluate/attributes.ts'
import { evaluateFilters, evaluateRules } from './evaluate/evaluate-rules.ts'
import type { Findings } from './evaluate/evaluate-rules.ts'
import { MAX_EXPLOIT_CHARACTERS } from './evaluate/evaluate-condition.ts'
import { arriveTree, wakeRules } from './evaluate/arrive.ts'
import type { EvaluationScope, KnownMatch } from './evaluate/evaluate-condition.ts'
import { concerns, passGate } from './evaluate/gate.ts'
import type { GateScope, KnownScan } from './evaluate/gate.ts'
import { Layer } from './evaluate/layer.ts'
import { runMapping } from './evaluate/process.ts'
import type { ValueKeeper } from './evaluate/process.ts'
import { RunTime } from './evaluate/run-time.ts'
import { StoredValue } from './evaluate/stored-value.ts'
import { omissionsOf, walkValue } from './evaluate/value-tree.ts'
import type { Omissions, WalkBudget } from './evaluate/value-tree.ts'
import { forgetKeys } from './list-keys.ts'
import type { Obfuscator } from './obfuscator.ts'
import { SHARED_FEED } from './plan.ts'
import type { AddressPlan, Plan, PlannedMapping } from './plan.ts'
import type { Addresses, RunOptions, Truncation, WafClock, WafContext, WafLimits, WafResult } from './waf.ts'

/** What an engine's contexts share. */
export interface ContextScope {
  readonly plan: Plan
  readonly obfuscator: Obfuscator
  readonly limits: Required<WafLimits>
  readonly clock: WafClock
}

/** Set once something matched; the next run with new data sees it. */
const EVENT_ADDRESS = 'waf.context.event'

/** Opens a context on a plan; it stays on that plan when the engine goes on to another. */
export function createContext(scope: ContextScope): WafContext {
  return new Context(scope, new Layer(undefined), new Attributes())
}

interface RunData {
  readonly persistent?: Addresses
  readonly ephemeral?: Addresses
}

class Context implements WafContext {
  readonly #scope: ContextScope
  readonly #layer: Layer
  readonly #attributes: Attributes
  #disposed = false

  constructor(scope: ContextScope, layer: Layer, attributes: Attributes) {
    this.#scope = scope
    this.#layer = layer
    this.#attributes = attributes
  }

  run({ persistent, ephemeral }: RunData, options: RunOptions = noOptions): WafResult {
    const own = this.#layer
    const run = new Run(this.#scope, own, options)
    let findings: Findings | undefined
    if (!this.#disposed) {
      let fresh = persistent !== undefined && run.storeAll(persistent, undefined)
      if (ephemeral !== undefined) {
        run.layer = new Layer(own)
        fresh = run.storeAll(ephemeral, own) || fresh
      }
      if (fresh) findings = run.evaluate(this.#attributes)
      forgetKeys()
    }
    const truncated = run.omissions && truncationOf(run.omissions)
    const result: WafResult = {
      matched: findings?.matched ?? false,
      events: findings?.events ?? [],
      actions: findings?.actions.toRecord() ?? {},
      attributes: this.#attributes.take(),
      keep: findings?.keep ?? false,
      timeout: run.over,
      durationNs: run.passedNs(),
    }
    return truncated === undefined ? result : { ...result, truncated }
  }

  createSubcontext(): WafContext {
    return new Context(this.#scope, new Layer(this.#layer), this.#attributes)
  }

  dispose(): void {
    this.#disposed = true
    this.#layer.clear()
  }
}

const noOptions: RunOptions = {}

/** One run: what it may cost, and the layer that it works on. */
class Run extends RunTime implements EvaluationScope, GateScope, ValueKeeper {
  readonly #scope: ContextScope
  readonly #own: Layer
  readonly limits: Required<WafLimits>
  bytes: number
  omissions: Omissions | undefined
  layer: Layer
  exploitCharacters = MAX_EXPLOIT_CHARACTERS
  known: KnownMatch | undefined
  scanned: KnownScan | undefined
  storing: Layer

  constructor(scope: ContextScope, layer: Layer, { budgetUs, maxBytes = DEFAULT_MAX_BYTES }: RunOptions) {
    super(scope.clock, budgetUs)
    this.#scope = scope
    this.#own = layer
    this.limits = scope.limits
    this.bytes = maxBytes
    this.layer = layer
    this.storing = layer
  }

  /**
   * Stores the values of the addresses that the plan reads, except those that `taken` holds; single values first, so that
   * large ones cannot starve them.
   */
  storeAll(given: Addresses, taken: Layer | undefined): boolean {
    let names: string[]
    let values: unknown[]
    try {
      names = Object.keys(given)
      values = Object.values(given)
    } catch {
      return this.storeAll(readableOf(given, this), taken)
    }
    let containers = 0
    let stored = false
    for (let index = 0; index < names.length; index += 1) {
      const value = values[index]
      if (typeof value === 'object' && value !== null) containers += 1
      else if (value !== undefined) stored = this.#storeNamed(names[index] as string, value, taken) || stored
    }
    for (let index = 0; containers > 0; index += 1) {
      const value = values[index]
      if (typeof value !== 'object' || value === null) continue
      containers -= 1
      stored = this.#storeNamed(names[index] as string, value, taken) || stored
    }
    return stored
  }

  #storeNamed(name: string, value: unknown, taken: Layer | undefined): boolean {
    const address = this.#scope.plan.addresses.get(name)
    if (address === undefined || taken?.value(name) !== undefined) return false
    this.#store(address, value, this.layer)
    return true
  }

  /** Evaluates what is new; a match is noted in the layer of the context, for the next run. */
  evaluate(attributes: Attributes): Findings | undefined {
    const { plan, obfuscator } = this.#scope
    this.#process(plan.preprocessors, attributes)
    wakeRules(plan, this)
    const filters = evaluateFilters(plan, this)
    const findings = evaluateRules(plan, filters, this, attributes, obfuscator)
    this.#process(plan.postprocessors, attributes)
    attributes.resolve(this.layer)
    if (this.exploitCharacters < 0) omissionsOf(this).exhausted = true
    const address = findings?.matched === true ? plan.addresses.get(EVENT_ADDRESS) : undefined
    if (address !== undefined) this.#store(address, true, this.#own)
    return findings
  }

  /** Runs the processors that have something new to work on; where layers below may have had it meanwhile, all. */
  #process(mappings: readonly PlannedMapping[], attributes: Attributes): void {
    const own = this.#own
    for (const one of mappings) {
      const { feed } = one
      if (own.below === undefined && (own.fed & feed) === 0) continue
      own.fed &= ~feed | SHARED_FEED
      if (runMapping(one, this, attributes, this)) continue
      own.fed |= feed
      return
    }
  }

  /** Keeps what a processor made, where something reads it. */
  keep(name: string, value: unknown, layer: Layer): void {
    const address = this.#scope.plan.addresses.get(name)
    if (address !== undefined) this.#store(address, value, layer)
  }

  /** Keeps a value, and hands what it holds to the conditions that read it, if it may concern any. */
  #store(address: AddressPlan, value: unknown, layer: Layer): void {
    const { channel, paths } = address
    this.#own.fed |= address.feeds
    layer.resources |= address.resource
    layer.stirred |= address.stirs
    this.storing = layer
    const held =
      channel !== undefined && !isAwaited(address, layer) ? passGate(value, channel, address, this) : concerns
    const before = address.isKept ? layer.own(address.name) : undefined
    if (held !== concerns) return layer.store(new StoredValue(address, value, held, undefined, before))
    const tree = walkValue(address.name, value, paths.root, this)
    layer.store(new StoredValue(address, value, undefined, tree, before))
    arriveTree(tree, address, layer, this.scanned)
  }
}

/** The addresses that can be read, where a getter or proxy among them throws, or where there are none. */
function readableOf(given: unknown, budget: WalkBudget): Addresses {
  const readable: Record<string, unknown> = Object.create(null)
  if (typeof given !== 'object' || given === null) return readable
  for (const name of keysOf(given, budget)) {
    try {
      readable[name] = (given as Addresses)[name]
    } catch {
      omissionsOf(budget).unreadable += 1
    }
  }
  return readable
}

function keysOf(given: object, budget: WalkBudget): string[] {
  try {
    return Object.keys(given)
  } catch {
    omissionsOf(budget).unreadable += 1
    return []
  }
}

/** Whether there is a resource in which an exploit operator looks for what this address holds. */
function isAwaited({ resources }: AddressPlan, top: Layer): boolean {
  if (resources === 0) return false
  for (let layer: Layer | undefined = top; layer !== undefined; layer = layer.below)
    if ((layer.resources & resources) !== 0) return true
  return false
}

/** Input that one run looks at unless told otherwise: ten times what body parsers accept by default. */
const DEFAULT_MAX_BYTES = 1 << 20

function truncationOf(omissions: Omissions): Truncation {
  const { longestString, largestContainer, deepest, exhausted, unreadable } = omissions
  return {
    ...(longestString > 0 ? { stringLength: longestString } : {}),
    ...(largestContainer > 0 ? { containerSize: largestContainer } : {}),
    ...(deepest > 0 ? { containerDepth: deepest } : {}),
    ...(exhausted ? { budgetEnded: true } : {}),
    ...(unreadable > 0 ? { unreadable } : {}),
  }
}
