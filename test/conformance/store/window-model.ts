import type { SpanRecord } from '../../../src/model/span-record.ts'
import type { WindowCounts, WindowRequest } from '../../../src/collector/store/store.ts'
import { match, parse } from '../../../src/query/query.ts'

export interface StoredRow {
  readonly record: SpanRecord
  readonly sequence: number
  readonly ingestedMs: number
  readonly trusted: boolean
}

const LATENESS_MS = 900_000

function valueOf(facet: string, { attributes, env, service }: SpanRecord): readonly string[] {
  if (facet === 'env') return [env]
  if (facet === 'service') return [service]
  const value = attributes[facet.slice(1)]
  return value === undefined ? [] : [...new Set(typeof value === 'object' ? value : [String(value)])]
}

function groupsOf(groupBy: readonly string[], record: SpanRecord): readonly (readonly string[])[] {
  return groupBy.reduce<readonly (readonly string[])[]>(
    (groups, facet) => groups.flatMap((group) => valueOf(facet, record).map((value) => [...group, value])),
    [[]],
  )
}

/** What `Store.windows` is to answer, by the words of its documentation, one window after the other. */
export function windowModel(rows: readonly StoredRow[], request: WindowRequest): readonly WindowCounts[] {
  const { touched, windowSeconds, groupBy } = request
  const live = 'afterSequence' in touched
  const queries = Object.entries(request.queries).map(([name, query]) => ({ name, query, ast: parse(query.filter) }))
  const suppress = request.suppress.map((text) => parse(text))
  const entries = rows
    .filter(
      (row) =>
        (!live || (row.sequence <= touched.upToSequence && row.record.timestampMs >= row.ingestedMs - LATENESS_MS)) &&
        queries.some(({ ast }) => match(ast, row.record)) &&
        !suppress.some((ast) => match(ast, row.record)),
    )
    .flatMap((row) => groupsOf(groupBy, row.record).map((group) => ({ row, group, key: JSON.stringify(group) })))
  const second = (row: StoredRow): number => Math.ceil(row.record.timestampMs / 1000)
  const answers: WindowCounts[] = []
  for (const key of new Set(entries.map((entry) => entry.key))) {
    const own = entries.filter((entry) => entry.key === key)
    for (const end of new Set(own.map(({ row }) => second(row)))) {
      const isAsked = live
        ? own.some(
            ({ row }) =>
              row.sequence > touched.afterSequence && second(row) <= end && end < second(row) + windowSeconds,
          )
        : end * 1000 >= touched.fromMs && end * 1000 < touched.toMs
      if (!isAsked) continue
      const inside = own
        .filter(({ row }) => second(row) <= end && second(row) > end - windowSeconds)
        .map(({ row }) => row)
      answers.push({
        group: Object.fromEntries(groupBy.map((facet, index) => [facet, own[0]?.group[index] ?? ''])),
        toMs: end * 1000,
        counts: Object.fromEntries(
          queries.map(({ name, query, ast }) => {
            const matching = inside.filter((row) => match(ast, row.record))
            const values = query.aggregate === 'count' ? [] : matching.flatMap((row) => valueOf(query.of, row.record))
            return [name, query.aggregate === 'count' ? matching.length : new Set(values).size]
          }),
        ),
        firstSeenMs: Math.min(...inside.map((row) => row.record.timestampMs)),
        lastSeenMs: Math.max(...inside.map((row) => row.record.timestampMs)),
        trusted: inside.every((row) => row.trusted),
      })
    }
  }
  return answers.sort((one, other) => one.toMs - other.toMs || (groupKey(one) < groupKey(other) ? -1 : 1))
}

function groupKey({ group }: WindowCounts): string {
  return JSON.stringify(Object.values(group))
}

/** Answers in an order that does not depend on the engine. */
export function sorted(answers: readonly WindowCounts[]): readonly WindowCounts[] {
  return [...answers].sort((one, other) => one.toMs - other.toMs || (groupKey(one) < groupKey(other) ? -1 : 1))
}
