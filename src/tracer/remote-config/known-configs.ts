import { applyState, type CachedTargetFile, type ConfigState } from '../../model/remote-config.ts'
import type { ChangeOutcomes, ConfigChange } from './config-change.ts'
import { contentFault, parsePath, type ChangePlan, type FetchedConfig, type KnownConfig } from './plan-changes.ts'
import type { CachedConfig } from './config-cache.ts'

/** The configurations a client knows, and what it says of them to the collector. */
export class KnownConfigs {
  readonly #known = new Map<string, KnownConfig>()
  /** The sha256 of what is in force, by path: a later content that failed does not replace it. */
  readonly #inForce = new Map<string, string>()

  get all(): ReadonlyMap<string, KnownConfig> {
    return this.#known
  }

  get inForce(): ReadonlyMap<string, string> {
    return this.#inForce
  }

  states(): ConfigState[] {
    return [...this.#known.values()].map(({ id, version, product, applyState, applyError }) => ({
      id,
      version,
      product,
      apply_state: applyState,
      apply_error: applyError,
    }))
  }

  cachedFiles(): CachedTargetFile[] {
    return [...this.#known.values()]
      .filter(({ sha256 }) => sha256 !== '')
      .map(({ path, length, sha256 }) => ({ path, length, hashes: [{ algorithm: 'sha256', hash: sha256 }] }))
  }

  /** Notes content that did not arrive as promised: it is asked for again, and what was there stays. */
  noteDamaged(config: FetchedConfig, fault: string): void {
    const before = this.#known.get(config.path)
    this.#known.set(config.path, {
      ...describe(config),
      sha256: before?.sha256 ?? '',
      length: before?.length ?? 0,
      applyState: applyState.error,
      applyError: fault,
    })
  }

  /** Notes what became of the content of `config`. */
  note(config: FetchedConfig, outcome: string | null | undefined): void {
    this.#known.set(config.path, {
      ...describe(config),
      sha256: config.target.sha256,
      length: config.target.length,
      applyState:
        outcome === null
          ? applyState.acknowledged
          : outcome === undefined
            ? applyState.unacknowledged
            : applyState.error,
      applyError: outcome ?? '',
    })
    if (outcome === null) this.#inForce.set(config.path, config.target.sha256)
  }

  remove(config: KnownConfig): void {
    this.#known.delete(config.path)
    this.#inForce.delete(config.path)
  }
}

function describe({
  path,
  product,
  id,
  target,
}: FetchedConfig): Pick<KnownConfig, 'path' | 'product' | 'id' | 'version'> {
  return { path, product, id, version: target.version }
}

/** What a plan came to. */
export interface Applied {
  readonly changed: boolean
  /** Whether some content did not arrive as promised. */
  readonly damaged: boolean
  readonly fresh: readonly CachedConfig[]
}

/**
 * Decodes what a plan fetched, one file a slice, has it applied, and notes the outcomes. A malformed configuration
 * concerns nobody but itself.
 */
export async function applyPlan(
  known: KnownConfigs,
  plan: ChangePlan,
  options: {
    readonly apply: (changes: readonly ConfigChange[]) => Promise<ChangeOutcomes>
    /** Lets other work run. */
    readonly pause: () => Promise<void>
  },
): Promise<Applied> {
  const changes: ConfigChange[] = plan.removed.map(({ path, product, id, version }) => ({
    kind: 'removed',
    path,
    product,
    id,
    version,
    content: undefined,
  }))
  const readable: { readonly config: FetchedConfig; readonly raw: string }[] = []
  let damaged = false
  for (const config of plan.fetched) {
    await options.pause()
    const content = config.content()
    const fault = contentFault(content, config.target)
    if (fault !== undefined) {
      damaged = true
      known.noteDamaged(config, fault)
      continue
    }
    const decoded = decodeJson(content)
    if ('error' in decoded) {
      known.note(config, decoded.error)
      continue
    }
    const { kind, path, product, id, target } = config
    changes.push({ kind, path, product, id, version: target.version, content: decoded.value })
    readable.push({ config, raw: content.toString('base64') })
  }
  const outcomes = changes.length === 0 ? new Map<string, string | null>() : await outcomesOf(changes, options.apply)
  for (const config of plan.removed) known.remove(config)
  const fresh: CachedConfig[] = []
  for (const { config, raw } of readable) {
    const outcome = outcomes.get(config.path)
    known.note(config, outcome)
    if (outcome === null) fresh.push({ path: config.path, ...config.target, raw })
  }
  return { changed: plan.removed.length + plan.fetched.length > 0, damaged, fresh }
}

async function outcomesOf(
  changes: readonly ConfigChange[],
  apply: (changes: readonly ConfigChange[]) => Promise<ChangeOutcomes>,
): Promise<ChangeOutcomes> {
  try {
    return await apply(changes)
  } catch (error) {
    return new Map(changes.map(({ path }) => [path, reason(error)]))
  }
}

/** The plan that takes over what was kept on disk. */
export function planFromCache(cached: readonly CachedConfig[]): ChangePlan {
  const fetched: FetchedConfig[] = []
  for (const { path, raw, ...target } of cached) {
    try {
      fetched.push({ kind: 'added', path, ...parsePath(path), target, content: () => Buffer.from(raw, 'base64') })
    } catch {
      // A path that this version cannot read: the collector will send what it needs instead.
    }
  }
  return { removed: [], fetched }
}

function decodeJson(content: Buffer): { readonly value: unknown } | { readonly error: string } {
  // An empty file is a configuration without content.
  if (content.length === 0) return { value: null }
  try {
    return { value: JSON.parse(content.toString('utf8')) as unknown }
  } catch (error) {
    return { error: `the configuration is not JSON: ${reason(error)}` }
  }
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
