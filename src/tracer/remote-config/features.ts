import { product } from '../../model/remote-config.ts'
import type { ConfigChange } from './config-change.ts'

/** What `ASM_FEATURES` asks for; undefined leaves it to the local setting. */
export interface RemoteFeatures {
  readonly asmEnabled: boolean | undefined
  readonly autoUserMode: string | undefined
}

interface Feature {
  readonly id: string
  readonly asmEnabled: boolean | undefined
  readonly mode: string | undefined
}

const CONFLICT = 'Multiple auto_user_instrum.mode received in ASM_FEATURES'

/**
 * The switches of `ASM_FEATURES`, from all configurations that carry some. The last that says `asm.enabled` decides it.
 * Only one may carry a mode: a second one is rejected as a whole. When one goes, what it said goes with it.
 */
export class FeatureSwitches {
  readonly #features = new Map<string, Feature>()

  get current(): RemoteFeatures {
    let asmEnabled: boolean | undefined
    let autoUserMode: string | undefined
    for (const feature of this.#features.values()) {
      asmEnabled = feature.asmEnabled ?? asmEnabled
      autoUserMode = feature.mode ?? autoUserMode
    }
    return { asmEnabled, autoUserMode }
  }

  /** Takes over changes of this product; returns why each was not, or null. Others are left out. */
  apply(changes: readonly ConfigChange[]): Map<string, string | null> {
    const outcomes = new Map<string, string | null>()
    for (const change of changes) {
      if (change.product === product.features) outcomes.set(change.path, this.#take(change))
    }
    return outcomes
  }

  #take({ kind, path, id, content }: ConfigChange): string | null {
    if (kind === 'removed') {
      this.#features.delete(path)
      return null
    }
    if (content === null) return null
    if (typeof content !== 'object') return 'the configuration is not an object'
    const feature = { id, asmEnabled: switchOf(content), mode: modeOf(content) }
    if (feature.mode !== undefined && this.#carriesMode(path)) return CONFLICT
    // Deleted first, so that what came last stands last.
    this.#features.delete(path)
    this.#features.set(path, feature)
    return null
  }

  #carriesMode(exceptPath: string): boolean {
    return [...this.#features].some(([path, { mode }]) => mode !== undefined && path !== exceptPath)
  }
}

function switchOf(content: object): boolean | undefined {
  const asm: unknown = Reflect.get(content, 'asm')
  const enabled: unknown = typeof asm === 'object' && asm !== null ? Reflect.get(asm, 'enabled') : undefined
  return typeof enabled === 'boolean' ? enabled : undefined
}

function modeOf(content: object): string | undefined {
  const auto: unknown = Reflect.get(content, 'auto_user_instrum')
  const mode: unknown = typeof auto === 'object' && auto !== null ? Reflect.get(auto, 'mode') : undefined
  return typeof mode === 'string' ? mode : undefined
}
