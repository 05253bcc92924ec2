import { printText } from '../../query/query.ts'
import { call } from '../api/call.ts'
import { useData, type Data } from '../api/use-data.ts'
import type { Point, Series } from '../api/shapes.ts'
import type { WantedEntry } from './lists.ts'

/** What a block would have stopped: requests, and successful logins among them, over the last days. */
export interface BlastRadius {
  readonly days: number
  readonly requests: number
  readonly successes: number
  readonly users: number
  readonly points: readonly Point[]
  /** How many of the values were looked at; fewer than all when there are very many. */
  readonly measured: number
}

const days = 7
const maxValues = 400

const facets: Readonly<Record<string, readonly string[]>> = {
  ip: ['@http.client_ip'],
  cidr: ['@http.client_ip'],
  user: ['@appsec.events_data.usr.id', '@usr.id'],
  login: ['@appsec.events_data.usr.login'],
  user_agent: ['@http.useragent'],
  fingerprint: ['@_dd.appsec.fp.http.header', '@_dd.appsec.fp.http.network', '@_dd.appsec.fp.session'],
}
const success = '@appsec.security_activity:business_logic.users.login.success'

/** The query of the requests that entries stand for. */
function queryOf(entries: readonly WantedEntry[]): string {
  const byKind = new Map<string, string[]>()
  for (const { kind, value } of entries) byKind.set(kind, [...(byKind.get(kind) ?? []), printText(value)])
  const terms = [...byKind].flatMap(([kind, values]) =>
    (facets[kind] ?? []).map((facet) => `${facet}:(${values.join(' OR ')})`),
  )
  return terms.length === 1 ? (terms[0] ?? '') : `(${terms.join(' OR ')})`
}

/** Measures on stored traffic what entries would have stopped in the days before `beforeMs`, such as an attack's onset. */
export function useBlastRadius(entries: readonly WantedEntry[], beforeMs?: number): Data<BlastRadius> {
  const looked = entries.slice(0, maxValues)
  const query = queryOf(looked)
  return useData<BlastRadius>({
    key: ['blast-radius', query, beforeMs],
    enabled: looked.length > 0,
    load: async (signal) => {
      const range =
        beforeMs === undefined
          ? { from: `now-${days}d`, to: 'now' }
          : { from: beforeMs - days * 86_400_000, to: beforeMs }
      const post = (path: string, body: object): Promise<Series> => call('POST', path, { ...range, ...body }, signal)
      const [all, successes, users] = await Promise.all([
        post('/api/spans/timeseries', { query, interval: '2h' }),
        post('/api/spans/timeseries', { query: `${query} ${success}`, interval: '1d' }),
        call<{ rows: readonly unknown[] }>(
          'POST',
          '/api/spans/top',
          { ...range, query: `${query} ${success}`, by: ['@appsec.events_data.usr.login'], limit: 10_000 },
          signal,
        ),
      ])
      const points = all.series[0]?.points ?? []
      return {
        days,
        requests: sum(points),
        successes: sum(successes.series[0]?.points ?? []),
        users: users.rows.length,
        points,
        measured: looked.length,
      }
    },
  })
}

function sum(points: readonly Point[]): number {
  return points.reduce((total, [, value]) => total + value, 0)
}
