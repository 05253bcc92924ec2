import type { DenylistEntry, DenylistKind } from '../model/denylist-entry.ts'
import type { Signal } from '../model/signal.ts'
import { anyOf, anyValue, blockedRequests, facet } from './campaign.ts'
import { slices, valuesAtOnce } from './whole-results.ts'
import type { Store, TimeRange } from './store/store.ts'

/** A point: start of the bucket, and how many. */
type Course = readonly (readonly [number, number])[]

/** What blocking does beside what the attack does. */
export interface MitigationCourse {
  readonly intervalMs: number
  /** Requests that were stopped. */
  readonly hits: Course
  /** What the signal counts, which goes on only where nothing stops it. */
  readonly attack: Course
  readonly hitCount: number
  /** Hits while the attack rested: probably people behind a blocked address. */
  readonly hitsOutsideWaves: number
  /** Start of the last bucket with a hit; null: there was none. */
  readonly lastHitMs: number | null
}

/** Where a blocked request carries what an entry names. */
export const facetsOf: Readonly<Record<DenylistKind, readonly string[]>> = {
  ip: [facet.ip],
  cidr: [facet.ip],
  user: ['@usr.id', facet.userId],
  login: ['@usr.login', facet.login],
  user_agent: ['@http.useragent'],
  fingerprint: [
    '@_dd.appsec.fp.http.header',
    '@_dd.appsec.fp.http.network',
    '@_dd.appsec.fp.http.endpoint',
    '@_dd.appsec.fp.session',
  ],
}

const buckets = 120
const minIntervalMs = 10_000
/** A bucket with less than this share of the busiest one's traffic is no wave. */
const waveShare = 0.05

/** What stops requests: entries of the denylist, and rules, by the ids that their matches carry. */
export interface Stopping {
  readonly entries: readonly DenylistEntry[]
  readonly ruleIds: readonly string[]
}

/** The course of what is stopped, beside that of the signal that it answers. */
export async function readCourse(
  store: Store,
  stopping: Stopping,
  signal: Pick<Signal, 'query'> | null,
  range: TimeRange,
): Promise<MitigationCourse> {
  const intervalMs = Math.max(minIntervalMs, Math.ceil((range.toMs - range.fromMs) / buckets / 1_000) * 1_000)
  const course = async (query: string): Promise<Map<number, number>> => {
    const series = await store.timeseries(query, range, { intervalMs, aggregates: ['count'] })
    return new Map(series.flatMap(({ points }) => points))
  }
  const hits = new Map<number, number>()
  let lastHitMs: number | null = null
  for (const query of hitQueries(stopping)) {
    for (const [startMs, count] of await course(query)) hits.set(startMs, (hits.get(startMs) ?? 0) + count)
  }
  const attack = signal === null ? new Map<number, number>() : await course(`(${signal.query})`)
  const both = (startMs: number): number => (hits.get(startMs) ?? 0) + (attack.get(startMs) ?? 0)
  const busiest = Math.max(0, ...[...hits.keys(), ...attack.keys()].map(both))
  let hitCount = 0
  let hitsOutsideWaves = 0
  for (const [startMs, count] of hits) {
    hitCount += count
    if (count > 0) lastHitMs = Math.max(lastHitMs ?? 0, startMs)
    if (signal !== null && both(startMs) < busiest * waveShare) hitsOutsideWaves += count
  }
  return { intervalMs, hits: inOrder(hits), attack: inOrder(attack), hitCount, hitsOutsideWaves, lastHitMs }
}

/** Queries of the requests that these entries stopped; no request is in two of them, save one that two entries name. */
function* hitQueries({ entries, ruleIds }: Stopping): Generator<string> {
  const byRules = ruleIds.length === 0 ? '' : anyValue('@appsec.rules', ruleIds)
  if (byRules !== '') yield `${blockedRequests} ${byRules}`
  for (const kind of Object.keys(facetsOf) as DenylistKind[]) {
    const values = [...new Set(entries.filter((entry) => entry.kind === kind).map(({ value }) => value))]
    for (const some of slices(values, valuesAtOnce)) {
      const named = anyOf(facetsOf[kind].map((by) => anyValue(by, some)))
      yield byRules === '' ? `${blockedRequests} ${named}` : `${blockedRequests} ${named} -(${byRules})`
    }
  }
}

function inOrder(course: ReadonlyMap<number, number>): Course {
  return [...course].sort(([a], [b]) => a - b)
}
