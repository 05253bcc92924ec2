import { product } from '../model/remote-config.ts'
import type { DenylistCompiler } from './denylist/denylist-compiler.ts'
import { listNames } from './denylist/read-lists.ts'
import { collectionMode, type CollectionMode } from './login/collection-mode.ts'
import type { ProtectionControl } from './protection.ts'
import { subscriptionFor, type Subscription } from './remote-config/capabilities.ts'
import type { ChangeOutcomes, ConfigChange } from './remote-config/config-change.ts'
import { FeatureSwitches } from './remote-config/features.ts'

/** Puts remote configuration in force: switches, rules, lists. */
export interface RemoteControl {
  readonly subscription: () => Subscription
  /** Takes changes over, and tells by path what became of each. */
  readonly apply: (changes: readonly ConfigChange[]) => Promise<ChangeOutcomes>
  /** What automatic login events record at the moment. */
  readonly collectionMode: () => CollectionMode
}

export interface RemoteControlOptions {
  readonly protection: ProtectionControl
  readonly lists: DenylistCompiler
  /** APPSEC_ENABLED: undefined leaves the switch to the collector. */
  readonly local: boolean | undefined
  /** A local rules file leaves remote rules and lists alone. */
  readonly ownRules: boolean
  readonly autoUserMode: string
}

const ownLists: ReadonlySet<unknown> = new Set(listNames)

export function remoteControl({
  protection,
  lists,
  local,
  ownRules,
  autoUserMode,
}: RemoteControlOptions): RemoteControl {
  const features = new FeatureSwitches()
  return {
    subscription: () => subscriptionFor({ local, running: protection.current !== undefined, ownRules }),
    collectionMode: () => collectionMode(features.current.autoUserMode ?? autoUserMode),
    async apply(changes) {
      const outcomes = features.apply(changes)
      await protection.switch(local ?? features.current.asmEnabled ?? false)
      const data = changes.filter((change) => change.product === product.data)
      if (data.length > 0) {
        for (const [path, outcome] of await lists.apply(data)) outcomes.set(path, outcome)
      }
      for (const change of changes) {
        if (change.product === product.features || typeof outcomes.get(change.path) === 'string') continue
        const content = change.product === product.data ? withoutOwnLists(change.content) : change.content
        outcomes.set(change.path, content === nothingLeft ? null : await attempt({ ...change, content }))
      }
      return outcomes
    },
  }

  async function attempt(change: ConfigChange): Promise<string | null> {
    try {
      return await protection.apply(change)
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
}

const nothingLeft = Symbol('nothing for the rule engine')

/** Lists of an `ASM_DATA` configuration that rules read: the denylist has its own, and a second copy would cost memory. */
function withoutOwnLists(content: unknown): unknown {
  if (typeof content !== 'object' || content === null) return content
  const sections = ['rules_data', 'exclusion_data'].map((section) => {
    const lists: unknown = Reflect.get(content, section)
    const left = Array.isArray(lists) ? lists.filter((list: unknown) => !ownLists.has(idOf(list))) : []
    return [section, left] as const
  })
  return sections.every(([, left]) => left.length === 0) ? nothingLeft : Object.fromEntries(sections)
}

function idOf(list: unknown): unknown {
  return typeof list === 'object' && list !== null ? Reflect.get(list, 'id') : undefined
}
