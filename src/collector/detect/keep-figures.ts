import type { Clock } from '../../model/clock.ts'
import type { SignalUpdate, TimelineEntry } from '../../model/signal.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import type { Changes, SignalChange, SignalFacts, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { successesQuery } from '../campaign.ts'
import { stoppingIds } from '../wire-rule.ts'
import { readBlocked } from './blocked-requests.ts'
import { isWorse, lowerByEnv } from './evaluate.ts'
import { signalTitle } from './group.ts'
import { readFigures } from './figures.ts'
import { difference } from './signal-changes.ts'
import type { SignalMemory } from './signal-memory.ts'

/** Signals whose figures one refresh reads and commits. */
const signalsAtOnce = 10
/** A refresh comes no sooner than this, nor before three times what the last one cost. */
const refreshEveryMs = 500
const costFactor = 3
/** How often stopped requests are counted. */
const countBlockedEveryMs = 5_000

/** Keeps the figures of signals: those of signals that changed, and what the responses of open ones stop. */
export interface FigureKeeper {
  /** Notes responses as the state takes them. */
  apply(changes: Changes): void
  /** Notes the signals that changed. */
  touch(updates: readonly SignalUpdate[]): void
  /** Reads figures that are due and commits them; one refresh at a time, another call shares it. */
  refresh(onError: (error: unknown) => void): Promise<void>
  /** Resolves once no refresh is under way. */
  idle(): Promise<void>
}

export async function keepFigures(options: {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
  readonly memory: SignalMemory
  readonly epoch: number
}): Promise<FigureKeeper> {
  const { store, state, clock, memory, epoch } = options
  /** Rules of the signals whose figures are stale, in the order in which they became so. */
  const stale = new Map<string, DetectionRule>()
  /** Those of them in which somebody got in: they go first. */
  const urgent = new Set<string>()
  const answers = new Map<string, { readonly ips: Set<string>; readonly wafRuleIds: Set<string> }>()
  let refreshAtMs = 0
  let countBlockedAtMs = 0
  let refreshing: Promise<void> | undefined

  for (const { id } of memory.open()) {
    for (const response of await state.responses({ signalId: id })) noteResponse(response)
  }

  /** The rule of each open signal, to read its figures again when its clusters change. */
  const rules = new Map<string, DetectionRule>()

  function noteResponse({ signalId, kind, value }: { signalId: string; kind: string; value: string }): void {
    if (kind !== 'block_ip' && kind !== 'waf_rule') return
    const answer = answers.get(signalId) ?? { ips: new Set(), wafRuleIds: new Set() }
    answers.set(signalId, answer)
    ;(kind === 'block_ip' ? answer.ips : answer.wafRuleIds).add(value)
  }

  async function refreshFigures(): Promise<void> {
    const waiting = [...stale]
    const some = [...waiting.filter(([id]) => urgent.has(id)), ...waiting.filter(([id]) => !urgent.has(id))].slice(
      0,
      signalsAtOnce,
    )
    for (const [id] of some) {
      stale.delete(id)
      urgent.delete(id)
    }
    try {
      await refreshSome(some)
    } catch (error) {
      // To the end of the line, so that one that cannot be read does not hold up the others.
      for (const [id, rule] of some) stale.set(id, rule)
      throw error
    }
  }

  async function refreshSome(some: readonly (readonly [string, DetectionRule])[]): Promise<void> {
    const signals: SignalChange[] = []
    const timeline: TimelineEntry[] = []
    const at = new Date(clock.nowMs()).toISOString()
    for (const [id, rule] of some) {
      const signal = memory.get(id)
      if (signal === undefined) continue
      const { figures, compromised } = await readFigures(store, rule, signal)
      const blocked = signal.counts['blocked']
      const counts = blocked === undefined ? figures.counts : { ...figures.counts, blocked }
      const worse = compromised.length > 0 ? withCompromise(rule, signal) : undefined
      const set = difference(signal, { ...figures, counts, ...worse })
      if (worse !== undefined) {
        const text = `Account compromised, ${worse.severity} instead of ${signal.severity}`
        timeline.push({ signalId: id, at, by: 'portcullis', kind: 'case_changed', text })
      }
      if (Object.keys(set).length > 0) signals.push({ update: id, set })
      if (compromised.length > signal.compromisedUsers) {
        const names = compromised.slice(signal.compromisedUsers, signal.compromisedUsers + 10)
        const logins = names.map(({ usrLogin, ip }) => `${usrLogin} from ${ip}`).join(', ')
        const more = compromised.length - signal.compromisedUsers - names.length
        const text = `Logged in: ${logins}${more > 0 ? ` and ${more} more` : ''}`
        timeline.push({ signalId: id, at, by: 'portcullis', kind: 'compromised', text })
      }
    }
    if (signals.length > 0) await state.commit({ epoch, signals, timeline })
  }

  async function countBlocked(): Promise<void> {
    for (const id of answers.keys()) if (memory.get(id)?.closedAt !== null) answers.delete(id)
    const answered = [...answers].flatMap(([id, answer]) => {
      const signal = memory.get(id)
      return signal === undefined ? [] : [{ signal, ...answer }]
    })
    if (answered.length === 0) return
    const managed = await state.documents('wafRule')
    const found = await readBlocked(store, answered, {
      nowMs: clock.nowMs(),
      ruleIdsOf: (ruleId) => stoppingIds(managed, ruleId),
    })
    const signals = answered.flatMap(({ signal }): readonly SignalChange[] => {
      const { blocked, lastSeenMs } = found.get(signal.id) ?? { blocked: 0, lastSeenMs: 0 }
      if (blocked === (signal.counts['blocked'] ?? 0)) return []
      const lastSeen = new Date(Math.max(Date.parse(signal.lastSeen), lastSeenMs)).toISOString()
      return [{ update: signal.id, set: { counts: { ...signal.counts, blocked }, lastSeen } }]
    })
    if (signals.length > 0) await state.commit({ epoch, signals })
  }

  async function refreshDue(onError: (error: unknown) => void): Promise<void> {
    const startedMs = clock.nowMs()
    try {
      if (stale.size > 0 && startedMs >= refreshAtMs) {
        await refreshFigures()
        refreshAtMs = startedMs + Math.max(refreshEveryMs, costFactor * (clock.nowMs() - startedMs))
      }
      if (startedMs >= countBlockedAtMs) {
        await countBlocked()
        countBlockedAtMs = startedMs + Math.max(countBlockedEveryMs, costFactor * (clock.nowMs() - startedMs))
      }
    } catch (error) {
      onError(error)
    }
  }

  return {
    apply({ responses, signals = [] }) {
      responses?.forEach(noteResponse)
      for (const change of signals) {
        const rule = 'update' in change && change.set.clusters !== undefined ? rules.get(change.update) : undefined
        if ('update' in change && rule !== undefined) stale.set(change.update, rule)
      }
    },
    touch(updates) {
      for (const { signal, rule, what } of updates) {
        stale.set(signal.id, rule)
        if (what === 'closed') rules.delete(signal.id)
        else rules.set(signal.id, rule)
        if ((signal.counts[successesQuery] ?? 0) > signal.compromisedUsers) urgent.add(signal.id)
      }
    },
    refresh(onError) {
      refreshing ??= refreshDue(onError).finally(() => {
        refreshing = undefined
      })
      return refreshing
    },
    async idle() {
      await refreshing
    },
  }
}

/** A campaign in which somebody got in is critical, where its rule knows only attempts. Its case, and so what answers it, stays. */
function withCompromise(rule: DetectionRule, signal: SignalFacts): Pick<SignalFacts, 'severity' | 'title'> | undefined {
  const severity = lowerByEnv('critical', signal.group['env'] ?? '')
  const name = 'Account compromised'
  if (!rule.tags.includes('category:account_takeover') || rule.cases.some((one) => one.name === name)) return undefined
  return isWorse(severity, signal.severity) ? { severity, title: signalTitle(rule, signal.group, name) } : undefined
}
