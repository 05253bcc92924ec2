import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { fail } from '../../model/error.ts'
import type { SpanRecord } from '../../model/span-record.ts'
import type { Aggregate, Store } from '../store/store.ts'
import { parseInterval, parseRange } from './time-range.ts'

/** The most buckets one series may have. */
const maxBuckets = 2_000
const maxRows = 10_000

const time = { type: ['string', 'number'] } as const
const range = { query: { type: 'string', maxLength: 20_000, default: '' }, from: time, to: time } as const
const aggregates = {
  type: 'array',
  maxItems: 8,
  items: {
    anyOf: [
      { type: 'string', const: 'count' },
      {
        type: 'object',
        required: ['cardinality'],
        additionalProperties: false,
        properties: { cardinality: { type: 'string', minLength: 1 } },
      },
    ],
  },
  default: ['count'],
} as const
const facetNames = { type: 'array', maxItems: 4, items: { type: 'string', minLength: 1 } } as const

interface Range {
  readonly query: string
  readonly from?: unknown
  readonly to?: unknown
}

/** A record as the API shows it. */
export function toSpan(record: SpanRecord): Record<string, unknown> {
  const { timestampMs, traceId, spanId, service, env, version, resource, operation, type, status, durationMs } = record
  return {
    timestamp: new Date(timestampMs).toISOString(),
    traceId,
    spanId,
    service,
    env,
    version,
    resource_name: resource,
    operation_name: operation,
    type,
    status,
    durationMs,
    attributes: record.attributes,
  }
}

/** `/api/spans/*`, `/api/traces/*`: the explorer (spec/collector.md 5). */
export function spanRoutes(server: FastifyInstance, { store, nowMs }: { store: Store; nowMs: () => number }): void {
  server.post<{ Body: Range & { limit: number; cursor?: string; sort: 'timestamp' | '-timestamp' } }>(
    '/api/spans/search',
    {
      schema: {
        body: {
          type: 'object',
          properties: {
            ...range,
            limit: { type: 'integer', minimum: 1, maximum: maxRows, default: 50 },
            cursor: { type: 'string', maxLength: 500 },
            sort: { enum: ['timestamp', '-timestamp'], default: '-timestamp' },
          },
        },
      },
    },
    async ({ body }) => {
      const started = performance.now()
      const { limit, cursor, sort } = body
      const page = await store.search(body.query, parseRange(body.from, body.to, nowMs()), {
        limit,
        sort,
        ...(cursor === undefined ? {} : { cursor }),
      })
      const took = Math.round(performance.now() - started)
      return { spans: page.records.map(toSpan), ...(page.next === null ? {} : { next: page.next }), took }
    },
  )

  server.post<{ Body: Range & { interval?: string; by?: string[]; aggregates: Aggregate[]; limit: number } }>(
    '/api/spans/timeseries',
    {
      schema: {
        body: {
          type: 'object',
          properties: {
            ...range,
            interval: { type: 'string' },
            by: facetNames,
            aggregates,
            limit: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
          },
        },
      },
    },
    async ({ body }) => {
      const span = parseRange(body.from, body.to, nowMs())
      const intervalMs =
        body.interval === undefined ? niceInterval(span.toMs - span.fromMs) : parseInterval(body.interval, 'interval')
      if ((span.toMs - span.fromMs) / intervalMs > maxBuckets) {
        throw fail('REQUEST_INVALID', 'interval', `gives more than ${maxBuckets} points; choose a longer one`)
      }
      const options = {
        intervalMs,
        aggregates: body.aggregates,
        limit: body.limit,
        ...(body.by === undefined ? {} : { by: body.by }),
      }
      return { interval: `${intervalMs / 1_000}s`, series: await store.timeseries(body.query, span, options) }
    },
  )

  server.post<{ Body: Range & { by: string[]; aggregates: Aggregate[]; limit: number } }>(
    '/api/spans/top',
    {
      schema: {
        body: {
          type: 'object',
          required: ['by'],
          properties: {
            ...range,
            by: { ...facetNames, minItems: 1 },
            aggregates,
            limit: { type: 'integer', minimum: 1, maximum: maxRows, default: 10 },
          },
        },
      },
    },
    async ({ body }) => {
      const { by, aggregates: wanted, limit } = body
      const rows = await store.top(body.query, parseRange(body.from, body.to, nowMs()), {
        by,
        aggregates: wanted,
        limit,
      })
      return { rows: rows.map(({ group, values }) => ({ group, values })) }
    },
  )

  server.get<{ Querystring: { from?: string; to?: string } }>('/api/spans/facets', async ({ query }) => ({
    items: await store.facets(parseRange(query.from, query.to, nowMs())),
  }))

  server.get<{
    Params: { facet: string }
    Querystring: { query?: string; from?: string; to?: string; limit?: string }
  }>('/api/spans/facets/:facet/values', async ({ params, query }) => ({
    items: await store.facetValues(
      params.facet,
      query.query ?? '',
      parseRange(query.from, query.to, nowMs()),
      Math.min(Math.max(Number(query.limit ?? 50) || 50, 1), maxRows),
    ),
  }))

  server.get<{ Params: { traceId: string } }>('/api/traces/:traceId', async ({ params }) => {
    if (!/^[0-9a-f]{1,32}$/i.test(params.traceId)) {
      throw fail('REQUEST_INVALID', 'traceId', 'not a trace id; use 32 hexadecimal digits')
    }
    const traceId = params.traceId.toLowerCase().padStart(32, '0')
    const spans = await store.trace(traceId)
    if (spans.length === 0) throw fail('NOT_FOUND', `trace ${traceId}`)
    return { traceId, spans }
  })

  server.get<{ Querystring: { query?: string; from?: string; to?: string; format?: string } }>(
    '/api/spans/export',
    async ({ query }, reply) => {
      const format = query.format ?? 'csv'
      if (format !== 'csv' && format !== 'ndjson') throw fail('REQUEST_INVALID', 'format', 'is csv or ndjson')
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const lines = store.export(query.query ?? '', parseRange(query.from, query.to, nowMs()), format, gone.signal)
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="spans.${format}"`)
        .send(Readable.from(lines))
    },
  )
}

/** A bucket width that gives about 60 to 120 points. */
function niceInterval(rangeMs: number): number {
  const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400].map(
    (seconds) => seconds * 1_000,
  )
  return steps.find((step) => rangeMs / step <= 120) ?? 86_400_000
}
