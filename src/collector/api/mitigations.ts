import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import type { DenylistEntry } from '../../model/denylist-entry.ts'
import type { Signal } from '../../model/signal.ts'
import { readCourse } from '../mitigation.ts'
import type { State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { route } from './route.ts'
import { array, count, flag, instantOrNull, map, object, orNull, point, ref, text, type Schema } from './schema.ts'
import { printInterval } from './time-range.ts'

interface MitigationParts {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
}

/** Entries that are looked at; an attack from more addresses is still counted by its first ones. */
const maxEntries = 20_000
/** Entries of a group that the reply shows; all of them: /api/denylist?signalId=. */
const maxShown = 100
/** Groups of a page: each costs a few queries. */
const maxGroups = 50
const longestMs = 7 * 86_400_000

const reply: Schema = object({
  items: array(
    object({
      signal: orNull(ref('Signal')),
      entries: array(ref('Entry')),
      entryCount: count,
      byKind: map(count),
      endsAt: { ...instantOrNull, description: 'the last end; null when an entry has none' },
      interval: text,
      hits: array(point),
      attack: array(point),
      hitCount: count,
      hitsOutsideWaves: { ...count, description: 'stopped while the attack rested: probably ordinary users' },
      incomplete: { ...flag, description: `there are more entries than the first ${maxEntries}` },
    }),
  ),
  next: { type: 'null' },
})

/** `/api/mitigations`: what is blocked now, by signal, and what the blocking stops. */
export function mitigationRoutes(server: FastifyInstance, { store, state, clock }: MitigationParts): void {
  server.get(
    '/api/mitigations',
    route({
      summary: 'Active blocks by signal: their end, what they stopped beside the course of the attack, probable users',
      tag: 'response',
      reply,
    }),
    async () => {
      const nowMs = clock.nowMs()
      const { items: entries, next } = await state.entries('denylist', { activeAtMs: nowMs }, { limit: maxEntries })
      const groups = new Map<string | null, DenylistEntry[]>()
      for (const entry of entries) {
        const own = groups.get(entry.signalId)
        if (own === undefined) groups.set(entry.signalId, [entry])
        else own.push(entry)
      }
      const items: unknown[] = []
      for (const [signalId, own] of [...groups].slice(0, maxGroups)) {
        const signal = signalId === null ? null : await state.signal(signalId)
        const { intervalMs, ...course } = await readCourse(store, own, signal, rangeOf(own, signal, nowMs))
        items.push({
          signal,
          entries: own.slice(0, maxShown),
          entryCount: own.length,
          byKind: countsOf(own),
          endsAt: lastEnd(own),
          interval: printInterval(intervalMs),
          ...course,
          incomplete: next !== null,
        })
      }
      return { items, next: null }
    },
  )
}

/** From the beginning of the attack, or of the oldest entry, until now. */
function rangeOf(
  entries: readonly DenylistEntry[],
  signal: Signal | null,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const begins = [...entries.map(({ createdAt }) => createdAt), ...(signal === null ? [] : [signal.firstSeen])]
  const fromMs = begins.reduce((first, at) => Math.min(first, Date.parse(at)), nowMs)
  return { fromMs: Math.max(fromMs, nowMs - longestMs) - 1, toMs: nowMs + 1 }
}

function lastEnd(entries: readonly DenylistEntry[]): string | null {
  return entries.reduce<string | null>(
    (last, { expiresAt }) => (last === null || expiresAt === null ? null : expiresAt > last ? expiresAt : last),
    '',
  )
}

function countsOf(entries: readonly DenylistEntry[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { kind } of entries) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
