import type { Clock } from '../model/clock.ts'
import { attribute, type SpanRecord } from '../model/span-record.ts'
import { campaignRange, facet } from './campaign.ts'
import type { SignalFacts, State } from './state/state.ts'
import type { Store } from './store/store.ts'

const refreshEveryMs = 10_000
/** How long a signal can stay open without being seen. */
const rememberMs = 31 * 86_400_000
/** Addresses, and accounts, of one signal, the busiest first. */
const maxValues = 10_000
/** Signals that are followed at once, the latest first: together some 100 MB. */
const maxSignals = 200

interface Suspects {
  readonly ips: ReadonlySet<string>
  readonly users: ReadonlySet<string>
}

/** Whose requests are kept in full, whatever they say. */
export interface SuspectWatch {
  /** Whether a record is of an address or user in an open signal. */
  isWanted(record: SpanRecord): boolean
  /** Reads what has changed; it is called every ten seconds by itself. */
  look(): Promise<void>
  stop(): Promise<void>
}

/**
 * Follows the addresses and users of open signals (spec/collector.md, "What is a record"): what they do from then on is
 * kept in full. A signal is looked at again when it has changed, every ten seconds at most.
 */
export async function watchSuspects(options: {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}): Promise<SuspectWatch> {
  const { store, state, clock, onError } = options
  const open = new Map<string, SignalFacts>()
  const suspects = new Map<string, Suspects>()
  const changed = new Set<string>()
  let running: Promise<void> = Promise.resolve()
  let isStopped = false
  let cancel: () => void = () => undefined

  function note(signal: SignalFacts): void {
    if (signal.closedAt === null) {
      open.set(signal.id, signal)
      changed.add(signal.id)
    } else {
      open.delete(signal.id)
      changed.delete(signal.id)
      suspects.delete(signal.id)
    }
  }
  for (const signal of await state.recentSignals(clock.nowMs() - rememberMs)) note(signal)
  const unsubscribe = state.subscribe(({ signals = [] }) => {
    for (const change of signals) {
      if ('open' in change) {
        note(change.open)
        continue
      }
      const before = open.get(change.update)
      if (before !== undefined) note({ ...before, ...change.set })
      else if (change.set.closedAt === null) changed.add(change.update)
    }
  })

  async function valuesOf(signal: SignalFacts, by: string): Promise<readonly string[]> {
    const rows = await store.top(signal.query, campaignRange(signal), {
      by: [by],
      aggregates: ['count'],
      limit: maxValues,
    })
    return rows.map(({ group }) => group[by] ?? '')
  }

  async function look(): Promise<void> {
    for (const id of [...changed].slice(-maxSignals)) {
      changed.delete(id)
      const signal = open.get(id) ?? (await state.signal(id))
      if (isStopped || !signal || signal.closedAt !== null) continue
      open.set(id, signal)
      const ips = new Set(await valuesOf(signal, facet.ip))
      const users = new Set(await valuesOf(signal, facet.userId))
      if (open.has(id)) suspects.set(id, { ips, users })
      while (suspects.size > maxSignals) suspects.delete(suspects.keys().next().value ?? '')
    }
  }

  function turn(): void {
    running = look()
      .catch(onError)
      .then(() => {
        if (!isStopped) cancel = clock.after(refreshEveryMs, turn)
      })
  }
  turn()

  return {
    isWanted({ attributes }) {
      if (suspects.size === 0) return false
      const [ip, user] = [attributes[attribute.clientIp], attributes['usr.id']]
      for (const { ips, users } of suspects.values()) {
        if (typeof ip === 'string' && ips.has(ip)) return true
        if (typeof user === 'string' && users.has(user)) return true
      }
      return false
    },
    look,
    async stop() {
      isStopped = true
      cancel()
      unsubscribe()
      await running
    },
  }
}
