import type { DetectionRule, RuleQuery } from '../../model/detection-rule.ts'
import { anyValue, term } from '../campaign.ts'
import type { Store, TimeRange, WindowCounts } from '../store/store.ts'
import { slices, valuesAtOnce } from '../whole-results.ts'
import type { CompiledRule } from './evaluate.ts'
import { groupKey } from './group.ts'

/** The longest window that ends at every second. */
export const maxFastWindowSeconds = 7_200
/** A rule that is evaluated no more often than this is content with the grid. */
const unhurriedMs = 60_000
/** Roll-ups of a window; each is a bucket of the grid on which windows end. */
const bucketsPerWindow = 96
/** Groups of one bucket that are kept, those with the most records first. */
const maxGroupsOfBucket = 2_000
/** Groups whose windows are counted exactly at one point of the grid, those with the most records first. */
const maxCandidates = 1_000
/** Roll-ups read in one go, so that a start on a full store holds up no other rule for long. */
const maxBucketsAtOnce = 24
/** Of a back-test there may be more. */
const replayedAtOnce = 192
/** Points of the grid whose windows a back-test counts in one go: a quarter of a window. */
const pointsAtOnce = bucketsPerWindow / 4
/** Records come up to 15 minutes late; until then a bucket is read anew. */
const latenessMs = 900_000

/** Whether the windows of a method only count, so that they may be long: the others look at what is in them. */
export function canBeSlow(method: DetectionRule['method']): boolean {
  return method === 'threshold' || method === 'anomaly'
}

/** Whether the windows of a rule end on a grid: they are too long to end at every second, or it is in no hurry. */
export function isSlow(rule: Pick<DetectionRule, 'method' | 'windowSeconds' | 'evaluateEveryMs'>): boolean {
  if (!canBeSlow(rule.method)) return false
  return rule.windowSeconds > maxFastWindowSeconds || (rule.evaluateEveryMs ?? 0) >= unhurriedMs
}

/** The grid on which windows end: whole minutes. */
export function gridMs({ windowSeconds }: Pick<DetectionRule, 'windowSeconds'>): number {
  return Math.ceil(windowSeconds / bucketsPerWindow / 60) * 60_000
}

interface RolledUp {
  readonly key: string
  readonly endMs: number
  readonly group: WindowCounts['group']
  readonly counts: WindowCounts['counts']
}

/** What a rule of long windows counts, from roll-ups that are read once each. */
export interface SlowWindows {
  /**
   * The windows that end at `toMs`, a point of the grid, of groups for which a case may hold; undefined while roll-ups
   * are missing, of which each call reads some.
   */
  at(toMs: number): Promise<readonly WindowCounts[] | undefined>
}

/** Whether the method of a rule could see anything in a window with these counts, the most and the least they may be. */
export type StandsOut = (window: Pick<WindowCounts, 'group' | 'toMs'>, most: Counts, least: Counts) => boolean
type Counts = WindowCounts['counts']

/** Live: without history, and young buckets are read anew. */
export function keepSlowWindows(
  store: Store,
  compiled: CompiledRule,
  readStandsOut: (toMs: number) => Promise<StandsOut>,
): SlowWindows {
  const { rule } = compiled
  const step = gridMs(rule)
  const buckets = new RollUps(store, rule, true)
  let sinceMs = Number.NEGATIVE_INFINITY
  return {
    async at(toMs) {
      const fromMs = toMs - rule.windowSeconds * 1000
      buckets.forgetUpTo(fromMs)
      let missing = buckets.missing(fromMs, toMs)
      const [oldest] = missing
      if (oldest !== undefined) {
        const until = Math.min(toMs, oldest + (maxBucketsAtOnce - 1) * step)
        await buckets.read(oldest - step, until)
        missing = buckets.missing(fromMs, toMs)
        if (missing.length > 0) return undefined
      }
      const moment = { sinceMs: sinceMs - latenessMs, toMs }
      const candidates = candidatesOf(compiled, buckets, moment, await readStandsOut(toMs))
      const windows = await countExactly(store, rule, candidates, true)
      buckets.remember(windows)
      sinceMs = toMs
      buckets.forgetFrom(toMs - latenessMs)
      return windows
    },
  }
}

/** The windows of a back-test, some points of the grid after the others; those without any are left out. */
export async function* replaySlowWindows(
  store: Store,
  compiled: CompiledRule,
  { fromMs, toMs }: TimeRange,
  readStandsOut: (toMs: number) => Promise<StandsOut>,
): AsyncGenerator<{ readonly windows: readonly WindowCounts[]; readonly toMs: number }> {
  const { rule } = compiled
  const step = gridMs(rule)
  const first = Math.ceil(fromMs / step) * step
  const buckets = new RollUps(store, rule, false)
  let readUpTo = first - Math.ceil((rule.windowSeconds * 1000) / step) * step - step
  for (let from = first; from < toMs + step; from += pointsAtOnce * step) {
    const candidates: Candidate[] = []
    const last = Math.min(from + (pointsAtOnce - 1) * step, Math.ceil(toMs / step) * step)
    const standsOut = await readStandsOut(last)
    for (let end = from; end <= last; end += step) {
      if (end > readUpTo) {
        const until = Math.max(end, readUpTo + replayedAtOnce * step)
        await buckets.read(readUpTo, until)
        readUpTo = until
      }
      buckets.forgetUpTo(end - rule.windowSeconds * 1000)
      const sinceMs = end === first ? Number.NEGATIVE_INFINITY : end - step
      candidates.push(...candidatesOf(compiled, buckets, { sinceMs, toMs: end }, standsOut))
    }
    const windows = await countExactly(store, rule, candidates, false)
    buckets.remember(windows)
    if (windows.length > 0) yield { windows, toMs: last }
  }
}

/** Roll-ups by the end of their bucket. */
class RollUps {
  readonly #store: Store
  readonly #rule: DetectionRule
  readonly #live: boolean
  readonly #buckets = new Map<number, RolledUp[]>()
  readonly #exact = new Map<string, Pick<WindowCounts, 'toMs' | 'counts'>>()

  constructor(store: Store, rule: DetectionRule, live: boolean) {
    this.#store = store
    this.#rule = rule
    this.#live = live
  }

  /** Ends of the buckets in `(fromMs, toMs]` that were not read, oldest first. */
  missing(fromMs: number, toMs: number): readonly number[] {
    const step = gridMs(this.#rule)
    const ends: number[] = []
    for (let end = toMs; end > fromMs; end -= step) if (!this.#buckets.has(end)) ends.unshift(end)
    return ends
  }

  async read(fromMs: number, toMs: number): Promise<void> {
    const { queries, suppress = [], groupBy } = this.#rule
    const stepMs = gridMs(this.#rule)
    for (let end = toMs; end > fromMs; end -= stepMs) this.#buckets.set(end, [])
    const request = { queries, suppress, groupBy, live: this.#live, limit: maxGroupsOfBucket }
    for (const row of await this.#store.counts({ ...request, range: { fromMs, toMs }, stepMs })) {
      this.#buckets.get(row.toMs)?.push({
        key: groupKey(row.group),
        endMs: row.toMs,
        group: row.group,
        counts: row.counts,
      })
    }
  }

  /** Keeps what was counted exactly, for the groups that were looked at. */
  remember(windows: readonly WindowCounts[]): void {
    for (const { group, toMs, counts } of windows) this.#exact.set(groupKey(group), { toMs, counts })
  }

  exact(key: string): Pick<WindowCounts, 'toMs' | 'counts'> | undefined {
    return this.#exact.get(key)
  }

  forgetUpTo(ms: number): void {
    for (const [key, { toMs }] of this.#exact) if (toMs <= ms) this.#exact.delete(key)
    for (const end of this.#buckets.keys()) if (end <= ms) this.#buckets.delete(end)
  }

  forgetFrom(ms: number): void {
    for (const end of this.#buckets.keys()) if (end > ms) this.#buckets.delete(end)
  }

  /** The roll-ups of the buckets that end up to `toMs`. */
  *upTo(toMs: number): Generator<RolledUp> {
    for (const [end, bucket] of this.#buckets) if (end <= toMs) yield* bucket
  }
}

/** A window ends where its group has a record: only groups with one in `(sinceMs, toMs]` are looked at. */
interface Moment {
  readonly sinceMs: number
  readonly toMs: number
}

/** A window that is worth counting exactly. */
type Candidate = Pick<WindowCounts, 'group' | 'toMs'>

/** Groups for which a case may hold: by the sums of the roll-ups, or with distinct values counted as few as possible. */
function candidatesOf(
  { rule, conditions }: CompiledRule,
  buckets: RollUps,
  { sinceMs, toMs }: Moment,
  standsOut: StandsOut,
): readonly Candidate[] {
  const groups = new Map<
    string,
    { group: WindowCounts['group']; most: Record<string, number>; least: Record<string, number> }
  >()
  const touched = new Set<string>()
  for (const { key, endMs } of buckets.upTo(toMs)) if (endMs > sinceMs) touched.add(key)
  for (const { key, group, counts, endMs } of buckets.upTo(toMs)) {
    if (!touched.has(key)) continue
    const sums = groups.get(key) ?? { group, most: {}, least: {} }
    groups.set(key, sums)
    const exact = buckets.exact(key)
    const isSince = exact !== undefined && endMs > exact.toMs - latenessMs
    for (const [name, count] of Object.entries(counts)) {
      const isDistinct = rule.queries[name]?.aggregate === 'cardinality'
      // Distinct values are at most those counted when last counted exactly, and what came since.
      const start = isDistinct && exact !== undefined ? (exact.counts[name] ?? 0) : 0
      sums.most[name] = (sums.most[name] ?? start) + (isDistinct && exact !== undefined && !isSince ? 0 : count)
      sums.least[name] = isDistinct ? Math.max(sums.least[name] ?? 0, count) : sums.most[name]
    }
  }
  const { anomaly } = rule
  const total = ({ most }: { readonly most: Readonly<Record<string, number>> }): number =>
    Object.values(most).reduce((sum, count) => sum + count, 0)
  return [...groups.values()]
    .filter(({ group, most, least }) =>
      anomaly === undefined
        ? conditions.some((condition) => condition(most, {}) || condition(least, {}))
        : standsOut({ group, toMs }, most, least),
    )
    .sort((a, b) => total(b) - total(a))
    .slice(0, maxCandidates)
    .map(({ group }) => ({ group, toMs }))
}

/** The counts of these windows, in the order of their ends. */
async function countExactly(
  store: Store,
  rule: DetectionRule,
  candidates: readonly Candidate[],
  live: boolean,
): Promise<readonly WindowCounts[]> {
  if (candidates.length === 0) return []
  const [last, ...others] = [...rule.groupBy].reverse()
  const endsMs = [...new Set(candidates.map(({ toMs }) => toMs))].sort((a, b) => a - b)
  const lengthMs = rule.windowSeconds * 1000
  const range = { fromMs: (endsMs[0] ?? 0) - lengthMs, toMs: endsMs.at(-1) ?? 0 }
  const wanted = new Set(candidates.map(keyOfWindow))
  const places = new Map<string, { readonly terms: string; readonly values: Set<string> }>()
  for (const { group } of candidates) {
    const terms = others.map((by) => term(by, group[by] ?? '')).join(' ')
    const place = places.get(terms) ?? { terms, values: new Set() }
    places.set(terms, place)
    if (last !== undefined) place.values.add(group[last] ?? '')
  }
  const found: WindowCounts[] = []
  for (const { terms, values } of places.values()) {
    for (const some of last === undefined ? [[]] : slices([...values], valuesAtOnce)) {
      const among = last === undefined ? '' : anyValue(last, some)
      const within = (query: RuleQuery): RuleQuery => ({ ...query, filter: `(${query.filter}) ${terms} ${among}` })
      const queries = Object.fromEntries(Object.entries(rule.queries).map(([name, query]) => [name, within(query)]))
      const { suppress = [], groupBy } = rule
      const limit = Math.max(1, some.length)
      const request = { queries, suppress, groupBy, range, windows: { endsMs, lengthMs }, live, limit }
      for (const window of await store.counts(request)) if (wanted.has(keyOfWindow(window))) found.push(window)
    }
  }
  return found.sort((a, b) => a.toMs - b.toMs)
}

function keyOfWindow({ group, toMs }: Candidate): string {
  return `${toMs} ${groupKey(group)}`
}
