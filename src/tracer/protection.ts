import { fail, PortcullisError } from '../model/error.ts'
import { product } from '../model/remote-config.ts'
import type { RulesetDiagnostics } from '../model/ruleset.ts'
import type { ActionParameters } from '../model/waf-event.ts'
import { refusalOf } from '../waf/refusal.ts'
import type { CompileOptions, Waf } from '../waf/waf.ts'
import type { Denylist } from './denylist/denylist.ts'
import type { ListedNow } from './denylist/listed-now.ts'
import type { Protection } from './inspection.ts'
import type { Warn } from './warning-log.ts'

/** The path of the ruleset that an engine is compiled from; remote rulesets of `ASM_DD` take its place. */
const BASE_PATH = 'base'

/** The first runs of an engine execute code that is not compiled yet: they get a multiple of the budget. */
const COLD_RUNS = 200
const COLD_FACTOR = 20

/** A ruleset of `ASM_DD`, and the live lists that its rules read. */
interface RemoteRuleset {
  readonly enginePath: string
  readonly version: string | undefined
  readonly lists: readonly string[]
}

/** What a block is unless rules say otherwise. */
const defaultBlock: ActionParameters = { status_code: 403, type: 'auto' }

export interface ProtectionOptions {
  readonly compile: (ruleset: unknown, options: CompileOptions) => Waf
  readonly compileOptions: CompileOptions
  /** The local ruleset: the user's file, or the default one. */
  readonly ruleset: () => unknown
  /** In place of a ruleset of which nothing can be loaded. */
  readonly fallback: () => unknown
  readonly denylist: Denylist
  readonly listed: ListedNow
  readonly blocking: boolean
  readonly wafBudgetUs: number
  readonly warn: Warn
}

/** A remote configuration of rules or lists; undefined content takes it back. */
export interface RuleChange {
  readonly path: string
  readonly product: string
  readonly content: unknown
}

/**
 * What protects requests at the moment: switched on and off, and changed by configurations under their paths. A request
 * keeps what was in force when it began. The engine is compiled when it is first needed.
 */
export class ProtectionControl {
  readonly #options: ProtectionOptions
  #waf: Waf | undefined
  #current: Protection | undefined
  #fresh = false
  #coldRuns = COLD_RUNS
  #rulesVersion: string | undefined
  /** The action `block` of the local rules; remote configuration of any kind puts it out of use. */
  #localBlock: ActionParameters | undefined
  readonly #remoteBlocks = new Map<string, ActionParameters>()
  /** Rulesets of `ASM_DD`. The first takes the place of the local one in the engine, in one step. */
  readonly #remoteRulesets = new Map<string, RemoteRuleset>()

  constructor(options: ProtectionOptions) {
    this.#options = options
  }

  get current(): Protection | undefined {
    return this.#current
  }

  /** Switches on before there are requests: the local ruleset is compiled at once. */
  switchOn(): void {
    this.#waf ??= this.#compile(this.#options.ruleset()) ?? this.#compile(this.#options.fallback())
    this.#noteLocal()
    this.#renew()
  }

  /** Switches the WAF and the denylist on or off while requests go on: rules are compiled in slices. */
  async switch(on: boolean): Promise<void> {
    if (on === (this.#current !== undefined)) return
    if (!on) {
      this.#current = undefined
      return
    }
    await this.#engine()
    this.#renew()
  }

  /** Whether the engine has not yet been told of on a span; true once. */
  takeFresh(): boolean {
    const fresh = this.#fresh
    this.#fresh = false
    return fresh
  }

  /** Takes over one configuration. Returns why it was refused, or null. What was in force stays so when it is refused. */
  async apply(change: RuleChange): Promise<string | null> {
    const waf = await this.#engine()
    const { path, content } = change
    const isRuleset = change.product === product.rules
    const enginePath = this.#enginePath(change)
    if (content === undefined) {
      this.#remoteBlocks.delete(path)
      this.#remoteRulesets.delete(path)
      const restored = enginePath === BASE_PATH && this.#remoteRulesets.size === 0
      if (restored) await waf.updateInSlices(BASE_PATH, this.#options.ruleset())
      else await waf.removeInSlices(enginePath)
    } else {
      const diagnostics = await waf.updateInSlices(enginePath, content)
      const refusal = refusalOf(diagnostics)
      if (refusal !== undefined) return refusal
      if (isRuleset)
        this.#remoteRulesets.set(path, { enginePath, version: diagnostics.ruleset_version, lists: listsRead(content) })
      if (change.product === product.custom) keepOrDelete(this.#remoteBlocks, path, actionOf(content, 'block'))
    }
    this.#localBlock = undefined
    this.#rulesVersion = [...this.#remoteRulesets.values()].at(-1)?.version ?? versionOf(this.#options.ruleset())
    if (this.#current !== undefined) this.#renew()
    return null
  }

  #enginePath({ path, product: of }: RuleChange): string {
    if (of !== product.rules) return path
    const known = this.#remoteRulesets.get(path)?.enginePath
    if (known !== undefined) return known
    return [...this.#remoteRulesets.values()].some(({ enginePath }) => enginePath === BASE_PATH) ? path : BASE_PATH
  }

  #renew(): void {
    const waf = this.#waf
    if (waf === undefined) return
    const { denylist, listed, blocking, wafBudgetUs } = this.#options
    const takeBudgetUs = (): number => (this.#coldRuns-- > 0 ? wafBudgetUs * COLD_FACTOR : wafBudgetUs)
    this.#current = {
      waf,
      rulesVersion: this.#rulesVersion,
      denylist,
      blocking,
      takeBudgetUs,
      blockParameters: [...this.#remoteBlocks.values()].at(-1) ?? this.#localBlock ?? defaultBlock,
      listed,
      ruledLists: this.#ruledLists(),
    }
  }

  /** The lists of the denylist that the rulesets in force have a rule for. */
  #ruledLists(): ReadonlySet<string> {
    const rulesets = [...this.#remoteRulesets.values()]
    const isReplaced = rulesets.some(({ enginePath }) => enginePath === BASE_PATH)
    return new Set([
      ...(isReplaced ? [] : listsRead(this.#options.ruleset())),
      ...rulesets.flatMap(({ lists }) => lists),
    ])
  }

  /** The engine, which begins with the few rules of the fallback; the local ruleset is then compiled in slices. */
  async #engine(): Promise<Waf> {
    if (this.#waf !== undefined) return this.#waf
    const waf = this.#compile(this.#options.fallback())
    if (waf === undefined) throw fail('RULESET_INVALID', '$', 'no rule can be loaded')
    const diagnostics = await waf.updateInSlices(BASE_PATH, this.#options.ruleset())
    if (diagnostics.error !== undefined) this.#options.warn(fail('RULESET_INVALID', '$', diagnostics.error))
    this.#waf = waf
    this.#noteLocal()
    return waf
  }

  #compile(ruleset: unknown): Waf | undefined {
    try {
      return this.#options.compile(ruleset, this.#options.compileOptions)
    } catch (error) {
      this.#options.warn(error instanceof PortcullisError ? error : fail('RULESET_INVALID', '$', String(error)))
      return undefined
    }
  }

  #noteLocal(): void {
    const ruleset = this.#options.ruleset()
    const diagnostics: RulesetDiagnostics = this.#waf?.diagnostics ?? {}
    const [first, ...others] = problems(diagnostics)
    if (first !== undefined) {
      const more = others.length === 0 ? '' : `, and ${others.length} more; portcullis rules check lists them`
      this.#options.warn(fail('RULESET_INVALID', first.path, first.why + more))
    }
    this.#fresh = true
    this.#coldRuns = COLD_RUNS
    this.#rulesVersion = diagnostics.ruleset_version ?? versionOf(ruleset)
    this.#localBlock = actionOf(ruleset, 'block')
  }
}

/** Complaints of a local ruleset, as its author needs them. */
function problems(diagnostics: RulesetDiagnostics): { readonly path: string; readonly why: string }[] {
  const unknown = (diagnostics.unknown ?? []).map((why) => ({ path: '$', why }))
  const inSections = Object.entries(diagnostics).flatMap(([section, value]) => {
    if (typeof value !== 'object' || !('errors' in value)) return []
    return Object.entries({ ...value.errors, ...value.warnings }).map(([message, ids]) => ({
      path: section,
      why: `${message} (${ids.slice(0, 5).join(', ')})`,
    }))
  })
  return [...unknown, ...inSections]
}

function versionOf(ruleset: unknown): string | undefined {
  const metadata = property(ruleset, 'metadata')
  const version = property(metadata, 'rules_version')
  return typeof version === 'string' ? version : undefined
}

/** Parameters of the action with this id, where a configuration defines it. */
function actionOf(config: unknown, id: string): ActionParameters | undefined {
  const action = listOf(property(config, 'actions')).find((one) => property(one, 'id') === id)
  const parameters = property(action, 'parameters')
  return typeof parameters === 'object' && parameters !== null ? (parameters as ActionParameters) : undefined
}

/** The live lists that the rules of a ruleset read. */
function listsRead(ruleset: unknown): readonly string[] {
  const rules = [...listOf(property(ruleset, 'rules')), ...listOf(property(ruleset, 'rules_compat'))]
  return rules
    .flatMap((rule) => listOf(property(rule, 'conditions')))
    .map((condition) => property(property(condition, 'parameters'), 'data'))
    .filter((list) => typeof list === 'string')
}

function keepOrDelete<T>(into: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) into.delete(key)
  else into.set(key, value)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function property(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined
}
