import type { Changes, SignalFacts } from '../state/state.ts'
import type { Campaign } from './anomaly.ts'
import { groupKey } from './group.ts'

/**
 * The signals that detection continues with, as the state has them: those that are open, and those of the last weeks
 * that may come back or that keep a campaign out of what is learned. Changes come in by the state's commits only, those
 * of people included.
 */
export class SignalMemory {
  readonly #byId = new Map<string, SignalFacts>()
  /** By rule id, then by group: ids in the order in which the signals opened. */
  readonly #byGroup = new Map<string, Map<string, string[]>>()

  constructor(signals: readonly SignalFacts[]) {
    for (const signal of signals) this.#add(signal)
  }

  get(id: string): SignalFacts | undefined {
    return this.#byId.get(id)
  }

  apply(changes: Changes): void {
    for (const change of changes.signals ?? []) {
      if ('open' in change) {
        this.#add(change.open)
        continue
      }
      const before = this.#byId.get(change.update)
      if (before !== undefined) this.#byId.set(change.update, { ...before, ...change.set })
    }
  }

  /** The latest signal of each group of a rule, by `groupKey`. */
  latest(ruleId: string): ReadonlyMap<string, SignalFacts> {
    const latest = new Map<string, SignalFacts>()
    for (const [key, ids] of this.#byGroup.get(ruleId) ?? []) {
      const signal = this.#byId.get(ids.at(-1) ?? '')
      if (signal !== undefined) latest.set(key, signal)
    }
    return latest
  }

  /** When campaigns of this rule and group were under way. */
  campaigns(ruleId: string, key: string): readonly Campaign[] {
    return (this.#byGroup.get(ruleId)?.get(key) ?? []).flatMap((id) => {
      const signal = this.#byId.get(id)
      return signal === undefined
        ? []
        : [{ fromMs: Date.parse(signal.firstSeen), toMs: Date.parse(signal.lastSeen) + 1 }]
    })
  }

  /** The signals of a rule, of any group. */
  ofRule(ruleId: string): readonly SignalFacts[] {
    return [...(this.#byGroup.get(ruleId)?.values() ?? [])].flatMap((ids) =>
      ids.flatMap((id) => this.#byId.get(id) ?? []),
    )
  }

  open(): readonly SignalFacts[] {
    return [...this.#byId.values()].filter(({ closedAt }) => closedAt === null)
  }

  /** Forgets signals that were last seen before this time and are closed. */
  forgetBefore(ms: number): void {
    for (const signal of this.#byId.values()) {
      if (signal.closedAt === null || Date.parse(signal.lastSeen) >= ms) continue
      this.#byId.delete(signal.id)
      const groups = this.#byGroup.get(signal.rule.id)
      const key = groupKey(signal.group)
      const left = (groups?.get(key) ?? []).filter((id) => id !== signal.id)
      if (left.length === 0) groups?.delete(key)
      else groups?.set(key, left)
    }
  }

  #add(signal: SignalFacts): void {
    this.#byId.set(signal.id, signal)
    const groups = this.#byGroup.get(signal.rule.id) ?? new Map<string, string[]>()
    this.#byGroup.set(signal.rule.id, groups)
    const key = groupKey(signal.group)
    groups.set(key, [...(groups.get(key) ?? []), signal.id])
  }
}
