import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { csvRow } from '../csv.ts'
import type { Aggregate, Store, TimeRange, TopRow } from '../store/store.ts'
import { sendCsv } from './list-reply.ts'
import { route } from './route.ts'
import { array, map, number, object, oneOf, text, when, type Schema } from './schema.ts'
import { aggregateList, facetNames, maxRows, queryText, type RangeBody } from './spans.ts'
import { parseRange } from './time-range.ts'

type TopBody = RangeBody & {
  readonly by: readonly string[]
  readonly aggregates: readonly Aggregate[]
  readonly limit?: number
}

const format: Schema = { ...oneOf('json', 'csv'), default: 'json', description: 'csv: all groups, as a stream' }
const topProperties = {
  query: queryText,
  from: when,
  to: when,
  by: { ...facetNames, minItems: 1 },
  aggregates: aggregateList,
  limit: { type: 'integer', minimum: 1, maximum: maxRows },
}

/** What gives whole results: `/api/spans/export` and `/api/spans/top`. */
export function spanExportRoutes(
  server: FastifyInstance,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): void {
  const tag = 'explorer'

  server.post<{ Body: TopBody; Querystring: { format: 'json' | 'csv' } }>(
    '/api/spans/top',
    route({
      summary: 'The largest groups of a query; as CSV all of them',
      tag,
      query: { format },
      body: { type: 'object', required: ['by'], additionalProperties: false, properties: topProperties },
      reply: object({ rows: array(object({ group: map(text), values: array(number) })) }),
      alsoAs: ['text/csv'],
    }),
    async ({ body, query, headers }, reply) => {
      const range = parseRange(body.from, body.to, clock.nowMs())
      const isCsv = query.format === 'csv' || headers.accept?.startsWith('text/csv') === true
      if (isCsv) {
        const first = await topRows(store, body, range, 0)
        return sendCsv(reply, 'top', topCsv(store, body, range, first))
      }
      const { by, aggregates, limit = 10 } = body
      const rows = await store.top(body.query, range, { by, aggregates, limit })
      return { rows: rows.map(({ group, values }) => ({ group, values })) }
    },
  )

  server.get<{ Querystring: { query: string; from?: string; to?: string; format: 'csv' | 'ndjson' } }>(
    '/api/spans/export',
    route({
      summary: 'All records of a query, oldest first, as a stream; cells that would be formulas are neutralised',
      tag,
      query: { query: queryText, from: when, to: when, format: { ...oneOf('csv', 'ndjson'), default: 'csv' } },
      alsoAs: ['text/csv', 'application/x-ndjson'],
    }),
    async ({ query }, reply) => {
      const { format } = query
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const range = parseRange(query.from, query.to, clock.nowMs())
      const lines = await started(store.export(query.query, range, format, gone.signal))
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="spans.${format}"`)
        .send(Readable.from(lines, { objectMode: false }))
    },
  )
}

/** The same lines, begun: what is wrong with the query is thrown here, while the reply can still be a problem. */
async function started(lines: AsyncIterable<Uint8Array>): Promise<AsyncGenerator<Uint8Array>> {
  const iterator = lines[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* () {
    try {
      for (let part = first; part.done !== true; part = await iterator.next()) yield part.value
    } finally {
      await iterator.return?.()
    }
  })()
}

function topRows(store: Store, body: TopBody, range: TimeRange, offset: number): Promise<readonly TopRow[]> {
  const { by, aggregates } = body
  return store.top(body.query, range, { by, aggregates, limit: maxRows, offset })
}

async function* topCsv(
  store: Store,
  body: TopBody,
  range: TimeRange,
  first: readonly TopRow[],
): AsyncGenerator<string> {
  const { by, aggregates, limit = Number.POSITIVE_INFINITY } = body
  const headings = aggregates.map((one) => (one === 'count' ? 'count' : `distinct ${one.cardinality}`))
  yield csvRow([...by, ...headings, 'first_seen', 'last_seen'])
  let rows = first
  for (let offset = 0; rows.length > 0; rows = await topRows(store, body, range, offset)) {
    yield rows
      .slice(0, limit - offset)
      .map(({ group, values, firstSeenMs, lastSeenMs }) =>
        csvRow([
          ...by.map((facet) => group[facet] ?? ''),
          ...values.map(String),
          new Date(firstSeenMs).toISOString(),
          new Date(lastSeenMs).toISOString(),
        ]),
      )
      .join('')
    offset += rows.length
    if (rows.length < maxRows || offset >= limit) return
  }
}
