import type { DenylistKind } from '../model/denylist-entry.ts'
import { anyOf, anyValue, facet, loginSuccess } from './campaign.ts'
import { facetsOf } from './mitigation.ts'
import type { Store, TimeRange } from './store/store.ts'
import { slices, topAll, valuesAtOnce } from './whole-results.ts'

/** What blocking values would have stopped. */
export interface BlastRadius {
  readonly requests: number
  readonly successfulLogins: number
  /** Who logged in: distinct logins. */
  readonly users: number
  readonly intervalMs: number
  readonly points: readonly (readonly [number, number])[]
  /** Values that were looked at. */
  readonly values: number
}

/** More values than these are judged by the first ones: each thousand costs three queries. */
const maxValues = 20_000
const hourMs = 3_600_000
const buckets = 168

/** Reads what blocking these values would have stopped in the range, outside of `except`, a query. */
export async function readBlastRadius(
  store: Store,
  {
    kind,
    values,
    except,
  }: { readonly kind: DenylistKind; readonly values: readonly string[]; readonly except?: string },
  range: TimeRange,
): Promise<BlastRadius> {
  const intervalMs = Math.max(hourMs, Math.ceil((range.toMs - range.fromMs) / buckets / hourMs) * hourMs)
  const looked = [...new Set(values)].slice(0, maxValues)
  const course = new Map<number, number>()
  const users = new Set<string>()
  let requests = 0
  let successfulLogins = 0
  for (const some of slices(looked, valuesAtOnce)) {
    // What was stopped anyway, as the rest of an attack is, would not have been hit by this.
    const named = `${anyOf(facetsOf[kind].map((by) => anyValue(by, some)))} -@appsec.blocked:true`
    const query = except === undefined ? named : `${named} -(${except})`
    const [all, logins, series] = await Promise.all([
      topAll(store, query, range, [], []),
      topAll(store, `${query} ${loginSuccess}`, range, [facet.login], []),
      store.timeseries(query, range, { intervalMs, aggregates: ['count'] }),
    ])
    requests += all[0]?.values[0] ?? 0
    for (const { group, values: counts } of logins) {
      users.add(group[facet.login] ?? '')
      successfulLogins += counts[0] ?? 0
    }
    for (const [startMs, count] of series.flatMap(({ points }) => points)) {
      if (count > 0) course.set(startMs, (course.get(startMs) ?? 0) + count)
    }
  }
  return {
    requests,
    successfulLogins,
    users: users.size,
    intervalMs,
    points: [...course].sort(([one], [other]) => one - other),
    values: looked.length,
  }
}
