import type { AnalysedValue } from '../../model/cluster.ts'
import { facet, loginSuccess } from '../campaign.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { attributeOf, clusterQuery } from './attribute.ts'
import { estimateOrdinary } from './estimate.ts'
import { correlation } from './measure.ts'
import { addSums, noSums } from './observations.ts'
import type { Sums } from './observations.ts'
import { joinObservations, readTraits } from './read-observations.ts'
import type { Trait } from './trait.ts'
import { isBlockable } from './trait.ts'
import { buildTraitTable } from './trait-table.ts'

/** Attributes of which each request has its own part, beside the traits of its client; for investigation. */
const otherFacets = [
  '@network.client.asn',
  '@network.client.country',
  '@network.client.range',
  '@threat_intel.results.category',
  '@http.route',
  '@appsec.events_data.usr.exists',
  '@appsec.fingerprint.endpoint.body_hash',
  '@appsec.fingerprint.endpoint.query_hash',
  '@appsec.fingerprint.session.cookie_names_hash',
  '@appsec.fingerprint.session.cookie_values_hash',
  '@appsec.fingerprint.session.session_hash',
]
/** Values of such a facet that are looked at. */
const valuesOfFacet = 20
const courseParts = 60
const minIntervalMs = 10_000

/** All attribute values of a query, those first that are most in excess of the baseline and whose course follows the increase. */
export async function analyse(
  store: Store,
  {
    query,
    range,
    baseline,
    limit,
  }: {
    readonly query: string
    readonly range: TimeRange
    readonly baseline: TimeRange
    readonly limit: number
  },
): Promise<readonly AnalysedValue[]> {
  const timeScale = (range.toMs - range.fromMs) / (baseline.toMs - baseline.fromMs)
  const found = [
    ...(await analyseTraits(store, query, range, baseline, timeScale)),
    ...(await Promise.all(otherFacets.map((by) => analyseFacet(store, query, range, baseline, timeScale, by)))).flat(),
  ]
  const ranked = found.sort((a, b) => b.excess - a.excess || b.requests - a.requests).slice(0, limit)
  const intervalMs = Math.max(minIntervalMs, Math.ceil((range.toMs - range.fromMs) / courseParts))
  const course = async (of: string): Promise<readonly number[]> => {
    const [series] = await store.timeseries(of, range, { intervalMs, aggregates: ['count'] })
    return series?.points.map(([, value]) => value) ?? []
  }
  const whole = await course(query)
  const withShape = await Promise.all(
    ranked.map(async (value) => ({ ...value, shape: correlation(await course(value.query), whole) })),
  )
  return withShape.sort((a, b) => rankOf(b) - rankOf(a))
}

function rankOf({ excess, shape }: AnalysedValue): number {
  return excess * (1 + shape)
}

async function analyseTraits(
  store: Store,
  query: string,
  range: TimeRange,
  baseline: TimeRange,
  timeScale: number,
): Promise<readonly AnalysedValue[]> {
  const queries = { attempts: query, successes: `${query} ${loginSuccess}` }
  const [now, before] = await Promise.all([readTraits(store, queries, range), readTraits(store, queries, baseline)])
  const table = buildTraitTable(joinObservations(now, before))
  const total = noSums()
  const byTrait = table.traits.map(() => noSums())
  const carried = new Map<string, number>()
  table.sums.forEach((sums, row) => {
    addSums(total, sums)
    for (const trait of table.traitsOfRow[row] ?? []) addSums(byTrait[trait] ?? noSums(), sums)
    const attributes = new Set((table.traitsOfRow[row] ?? []).map((trait) => table.traits[trait]?.attribute ?? ''))
    for (const attribute of attributes) carried.set(attribute, (carried.get(attribute) ?? 0) + requestsOf(sums))
  })
  const { failureRate } = estimateOrdinary(total, timeScale, false)
  return byTrait.map((sums, index) => {
    const trait = table.traits[index] as Trait
    const [requests, usual] = [requestsOf(sums), usualOf(sums)]
    return {
      ...attributeOf(trait),
      requests,
      share: ratio(requests, requestsOf(total)),
      baselineShare: ratio(usual, usualOf(total)),
      excess: requests - usual * timeScale,
      odds: sums.successes === 0 ? null : ((1 - failureRate) * sums.failures) / sums.successes - failureRate,
      shape: 0,
      blockable: isBlockable(trait, { fingerprints: true }),
      carriedBy: ratio(carried.get(trait.attribute) ?? 0, requestsOf(total)),
      query: clusterQuery([trait], query),
    }
  })
}

async function analyseFacet(
  store: Store,
  query: string,
  range: TimeRange,
  baseline: TimeRange,
  timeScale: number,
  by: string,
): Promise<readonly AnalysedValue[]> {
  const count = async (of: string, during: TimeRange): Promise<number> => {
    const [row] = await store.top(of, during, { by: [], aggregates: ['count'], limit: 1 })
    return row?.values[0] ?? 0
  }
  const rows = await store.top(query, range, { by: [by], aggregates: ['count'], limit: valuesOfFacet })
  if (rows.length === 0) return []
  const [all, usual, carried] = await Promise.all([
    count(query, range),
    count(query, baseline),
    count(`${query} ${by}:*`, range),
  ])
  return Promise.all(
    rows.map(async ({ group, values }) => {
      const trait: Trait = { kind: 'value', attribute: by.slice(1), value: group[by] ?? '' }
      const narrowed = clusterQuery([trait], query)
      const [successes, before] = await Promise.all([
        count(`${narrowed} ${loginSuccess}`, range),
        count(narrowed, baseline),
      ])
      const requests = values[0] ?? 0
      return {
        ...attributeOf(trait),
        requests,
        share: ratio(requests, all),
        baselineShare: ratio(before, usual),
        excess: requests - before * timeScale,
        odds: successes === 0 ? null : (requests - successes) / successes,
        shape: 0,
        blockable: false,
        carriedBy: ratio(carried, all),
        query: narrowed,
      }
    }),
  )
}

function requestsOf({ failures, successes }: Sums): number {
  return failures + successes
}

function usualOf({ baseFailures, baseSuccesses }: Sums): number {
  return baseFailures + baseSuccesses
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** What a filter leaves of a spike, and what it matches where there was none. */
export interface Isolation {
  readonly intervalMs: number
  /** The course of all requests, and of those that the filter leaves. */
  readonly all: readonly (readonly [number, number])[]
  readonly left: readonly (readonly [number, number])[]
  /** Requests beyond the usual in the spike, and the share of them that is left when the filter is excluded. */
  readonly spike: number
  readonly leftShare: number
  /** What the filter matches in the time before, `spans` times as long. */
  readonly outside: {
    readonly spans: number
    readonly requests: number
    readonly successfulLogins: number
    readonly users: number
  }
}

/** How much longer than the spike the time before it is that a filter is tried on (spec/detection.md 1.6). */
const outsideSpans = 24
const isolationBuckets = 600

/** Whether a filter says what the spike is, and nothing else. */
export async function isolate(
  store: Store,
  { query, filter, range }: { readonly query: string; readonly filter: string; readonly range: TimeRange },
): Promise<Isolation> {
  const spanMs = range.toMs - range.fromMs
  const before = { fromMs: range.fromMs - outsideSpans * spanMs, toMs: range.fromMs }
  const whole = { fromMs: before.fromMs, toMs: range.toMs }
  const intervalMs = Math.max(minIntervalMs, Math.ceil((whole.toMs - whole.fromMs) / isolationBuckets))
  const course = async (of: string): Promise<readonly (readonly [number, number])[]> => {
    const [series] = await store.timeseries(of, whole, { intervalMs, aggregates: ['count'] })
    return series?.points ?? []
  }
  const matched = `${query} (${filter})`.trim()
  const [all, left, [outside], [succeeded]] = await Promise.all([
    course(query),
    course(`${query} -(${filter})`.trim()),
    store.top(matched, before, { by: [], aggregates: ['count'], limit: 1 }),
    store.top(`${matched} ${loginSuccess}`, before, {
      by: [],
      aggregates: ['count', { cardinality: facet.login }],
      limit: 1,
    }),
  ])
  const spike = beyondUsual(all, range)
  return {
    intervalMs,
    all,
    left,
    spike,
    leftShare: spike === 0 ? 0 : Math.max(0, beyondUsual(left, range)) / spike,
    outside: {
      spans: outsideSpans,
      requests: outside?.values[0] ?? 0,
      successfulLogins: succeeded?.values[0] ?? 0,
      users: succeeded?.values[1] ?? 0,
    },
  }
}

/** Requests in the range beyond the median bucket of the time before. */
function beyondUsual(course: readonly (readonly [number, number])[], range: TimeRange): number {
  const before = course.flatMap(([startMs, count]) => (startMs < range.fromMs ? [count] : [])).sort((a, b) => a - b)
  const usual = before[Math.floor(before.length / 2)] ?? 0
  const during = course.filter(([startMs]) => startMs >= range.fromMs)
  return Math.max(
    0,
    during.reduce((sum, [, count]) => sum + count - usual, 0),
  )
}
