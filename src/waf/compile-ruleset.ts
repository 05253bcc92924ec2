import { fail, PortcullisError } from '../model/error.ts'
import type { RulesetDiagnostics } from '../model/ruleset.ts'
import { createContext } from './context.ts'
import type { ContextScope } from './context.ts'
import { updateAddressTable } from '../net/address-table.ts'
import { DataRegistry, emptyContents } from './data-registry.ts'
import type { DataSet } from './data-set.ts'
import type { DataContents } from './data-registry.ts'
import { parseConfig } from './load/parse-config.ts'
import type { Config, ConfigScope, DataById } from './load/parse-config.ts'
import { readStrings } from './load/parse-data.ts'
import { createObfuscator } from './obfuscator.ts'
import { refusalOf } from './refusal.ts'
import type { Obfuscator } from './obfuscator.ts'
import { buildPlan } from './build-plan.ts'
import type { Plan } from './plan.ts'
import { finish, finishInSlices } from './slices.ts'
import type { CompileOptions, DataChange, ObfuscatorOptions, Waf, WafClock, WafLimits } from './waf.ts'

/** The path under which the ruleset given to `compileRuleset` is kept. */
const BASE_PATH = 'base'

/** Defaults that need no warning: a body of the size that parsers accept is looked at whole. */
const defaultLimits: Required<WafLimits> = {
  maxStringBytes: 65_536,
  maxContainerSize: Number.MAX_SAFE_INTEGER,
  maxDepth: 256,
  maxCleanTexts: 1024,
}

/** Options with what the composition root hands down. */
export type ClockedOptions = CompileOptions & {
  readonly clock: WafClock
  /** Lists of `rules_data`, by id, that are kept elsewhere: they hold beside what configurations say. */
  readonly lists?: ReadonlyMap<string, DataSet>
}

/**
 * Compiles a ruleset of the public libddwaf format (schema 2.x; spec/waf-rules.md 2).
 * Throws RULESET_INVALID when nothing in it can be loaded; whatever else cannot be used is named in `diagnostics`.
 */
export function compileRuleset(ruleset: unknown, options: ClockedOptions): Waf {
  return new Engine(ruleset, options)
}

class Engine implements Waf {
  readonly #configs = new Map<string, Config>()
  readonly #rulesData: DataRegistry
  readonly #exclusionData = new DataRegistry()
  readonly #givenObfuscator: ObfuscatorOptions
  readonly #limits: Required<WafLimits>
  readonly #clock: WafClock
  /** What new contexts share; a swap is one assignment. */
  #shared: ContextScope
  #diagnostics: RulesetDiagnostics
  /** Changes follow one another, also when several are asked for at once. */
  #lastChange: Promise<unknown> = Promise.resolve()

  constructor(ruleset: unknown, { obfuscator, limits, clock, lists }: ClockedOptions) {
    this.#rulesData = new DataRegistry(lists)
    this.#givenObfuscator = obfuscator ?? {}
    this.#limits = { ...defaultLimits, ...limits }
    this.#clock = clock
    const config = finish(parseConfig(ruleset, this.#scope(BASE_PATH, true, createObfuscator(obfuscator))))
    const plan = finish(buildPlan([config], this.#limits))
    if (plan.rules.length === 0 && config.rules.length === 0 && plan.postprocessors.length === 0)
      throw fail('RULESET_INVALID', '$', `no rule can be loaded${firstError(config.diagnostics)}`)
    this.#configs.set(BASE_PATH, config)
    this.#shared = this.#share(plan)
    this.#diagnostics = config.diagnostics
    this.#swapData()
  }

  get diagnostics(): RulesetDiagnostics {
    return this.#diagnostics
  }

  get knownAddresses(): ReadonlySet<string> {
    return this.#shared.plan.knownAddresses
  }

  createContext(): ReturnType<Waf['createContext']> {
    return createContext(this.#shared)
  }

  update(path: string, value: unknown): RulesetDiagnostics {
    return finish(this.#change(path, value))
  }

  updateInSlices(path: string, value: unknown): Promise<RulesetDiagnostics> {
    return this.#queue(() => finishInSlices(this.#change(path, value), this.#clock))
  }

  updateData(path: string, change: DataChange): Promise<void> {
    return this.#queue(() => finishInSlices(this.#changeData(path, change), this.#clock))
  }

  remove(path: string): boolean {
    return finish(this.#withdraw(path))
  }

  removeInSlices(path: string): Promise<boolean> {
    return this.#queue(() => finishInSlices(this.#withdraw(path), this.#clock))
  }

  *#withdraw(path: string): Generator<void, boolean> {
    const config = this.#configs.get(path)
    if (config === undefined) return false
    const left = [...this.#configs].filter(([other]) => other !== path).map(([, one]) => one)
    const plan = isDataOnly(config) ? this.#shared.plan : yield* buildPlan(left, this.#limits)
    this.#configs.delete(path)
    this.#shared = this.#share(plan)
    this.#swapData()
    return true
  }

  *#change(path: string, value: unknown): Generator<void, RulesetDiagnostics> {
    let config: Config
    try {
      config = yield* parseConfig(value, this.#scope(path, false, this.#shared.obfuscator))
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#diagnostics = { error: error.message }
      return this.#diagnostics
    }
    if (refusalOf(config.diagnostics) !== undefined) {
      // What stands there is better than nothing.
      this.#diagnostics = config.diagnostics
      return config.diagnostics
    }
    const before = this.#configs.get(path)
    const configs = new Map(this.#configs).set(path, config)
    const plan =
      isDataOnly(config) && (before === undefined || isDataOnly(before))
        ? this.#shared.plan
        : yield* buildPlan([...configs.values()], this.#limits)
    this.#configs.set(path, config)
    this.#shared = this.#share(plan)
    this.#diagnostics = config.diagnostics
    this.#swapData()
    return config.diagnostics
  }

  *#changeData(path: string, { section, id, type, removed, added }: DataChange): Generator<void, void> {
    const key = section === 'rules_data' ? 'rulesData' : 'exclusionData'
    const config = this.#configs.get(path) ?? emptyConfig
    const before = config[key].get(id)?.at(-1) ?? emptyContents
    const after: DataContents =
      type === 'ip_with_expiration'
        ? {
            ...before,
            addresses: yield* updateAddressTable(before.addresses, {
              ...(removed ? { removed } : {}),
              ...(added ? { added } : {}),
            }),
          }
        : { ...before, strings: yield* changedStrings(before.strings, removed ?? [], added ?? []) }
    this.#configs.set(path, { ...config, [key]: new Map(config[key]).set(id, [after]) })
    this.#swapData()
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastChange.then(work)
    this.#lastChange = done.catch(() => {})
    return done
  }

  /** What configurations say of secrets comes after the options, the last of them first. */
  #share(plan: Plan): ContextScope {
    const sections = [...this.#configs.values()].map((config) => config.obfuscator)
    const obfuscator = createObfuscator(Object.assign({}, this.#givenObfuscator, ...sections) as ObfuscatorOptions)
    return { plan, obfuscator, limits: this.#limits, clock: this.#clock }
  }

  #swapData(): void {
    this.#rulesData.replace(merge([...this.#configs.values()].map((config) => config.rulesData)))
    this.#exclusionData.replace(merge([...this.#configs.values()].map((config) => config.exclusionData)))
  }

  #scope(path: string, versionRequired: boolean, obfuscator: Obfuscator): ConfigScope {
    const others = [...this.#configs].filter(([other]) => other !== path).map(([, config]) => config)
    const isSecret = (key: string): boolean => obfuscator.isSecretKey(key)
    return {
      versionRequired,
      taken: {
        rules: idsOf(others.flatMap((config) => config.rules)),
        exclusions: idsOf(others.flatMap((config) => config.exclusions)),
        processors: idsOf(others.flatMap((config) => config.processors)),
        scanners: idsOf(others.flatMap((config) => config.scanners)),
        actions: idsOf(others.flatMap((config) => config.actions)),
      },
      rules: { isSecret, data: (id) => this.#rulesData.get(id), lists: idsOfLists(others, 'rulesData') },
      exclusions: { isSecret, data: (id) => this.#exclusionData.get(id), lists: idsOfLists(others, 'exclusionData') },
    }
  }
}

const emptyConfig: Config = {
  diagnostics: {},
  rules: [],
  overrides: [],
  exclusions: [],
  actions: [],
  rulesData: new Map(),
  exclusionData: new Map(),
  processors: [],
  processorOverrides: [],
  scanners: [],
  obfuscator: {},
}

/** Whether the configuration changes nothing but lists, so that the plan stays. */
function isDataOnly(config: Config): boolean {
  const { rules, overrides, exclusions, actions, processors, processorOverrides, scanners } = config
  return [rules, overrides, exclusions, actions, processors, processorOverrides, scanners].every(
    (all) => all.length === 0,
  )
}

function* changedStrings(
  before: ReadonlyMap<string, number>,
  removed: Iterable<string>,
  added: Iterable<{ readonly value: string; readonly expiration?: number }>,
): Generator<void, Map<string, number>> {
  const after = new Map(before)
  for (const value of removed) after.delete(value)
  yield
  for (const [value, end] of yield* readStrings(added)) after.set(value, end)
  return after
}

function merge(parts: readonly DataById[]): Map<string, DataContents[]> {
  const merged = new Map<string, DataContents[]>()
  for (const part of parts) for (const [id, contents] of part) merged.set(id, [...(merged.get(id) ?? []), ...contents])
  return merged
}

function idsOf(items: readonly { readonly id: string }[] | readonly { readonly id: string }[]): Set<string> {
  return new Set(items.map((item) => item.id))
}

function idsOfLists(configs: readonly Config[], section: 'rulesData' | 'exclusionData'): Set<string> {
  return new Set(configs.flatMap((config) => [...config[section].keys()]))
}

/** Why the first item failed; what an item is only warned of is no reason. */
function firstError(diagnostics: RulesetDiagnostics): string {
  for (const section of [diagnostics.rules, diagnostics.custom_rules, diagnostics.processors]) {
    if (section === undefined) continue
    const { error, errors, warnings, failed, skipped } = section
    const left = new Set([...failed, ...skipped])
    const unknown = Object.entries(warnings).findLast(([, ids]) => ids.some((id) => left.has(id)))
    const message = error ?? Object.keys(errors)[0] ?? unknown?.[0]
    if (message !== undefined) return ` (${message})`
  }
  return ''
}
