import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { SpanRecord } from '../../model/span-record.ts'
import type { Aggregate, Store } from '../store/store.ts'
import { maxQueryLength } from '../../query/query.ts'
import { route } from './route.ts'
import { array, count, map, number, object, oneOf, point, ref, text, when, type Schema } from './schema.ts'
import { parseInterval, parseRange, printInterval } from './time-range.ts'

/** The most buckets one series may have. */
const maxBuckets = 2_000
export const maxRows = 10_000

/** Its bound is the parser's, which says where the query is too long. */
export const queryText: Schema = { type: 'string', default: '', description: `at most ${maxQueryLength} characters` }
const rangeProperties = { query: queryText, from: when, to: when }
export const aggregateList: Schema = {
  type: 'array',
  minItems: 1,
  maxItems: 8,
  items: {
    anyOf: [
      { type: 'string', const: 'count' },
      {
        type: 'object',
        required: ['cardinality'],
        additionalProperties: false,
        properties: { cardinality: { type: 'string', minLength: 1, maxLength: 500 } },
      },
    ],
  },
  default: ['count'],
}
export const facetNames: Schema = {
  type: 'array',
  maxItems: 4,
  items: { type: 'string', minLength: 1, maxLength: 500 },
}
const attributeValue: Schema = { anyOf: [text, number, { type: 'boolean' }, array(text)] }

export interface RangeBody {
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

function body(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: 'object', required, additionalProperties: false, properties: { ...rangeProperties, ...properties } }
}

/** `/api/spans/*`: the explorer (spec/collector.md 5). */
export function spanRoutes(
  server: FastifyInstance,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): void {
  const tag = 'explorer'
  const rangeOf = ({ from, to }: { readonly from?: unknown; readonly to?: unknown }) =>
    parseRange(from, to, clock.nowMs())

  server.post<{ Body: RangeBody & { limit: number; cursor?: string; sort: 'timestamp' | '-timestamp' } }>(
    '/api/spans/search',
    route({
      summary: 'Records of a query, a page at a time',
      tag,
      body: body({
        limit: { type: 'integer', minimum: 1, maximum: maxRows, default: 50 },
        cursor: { type: 'string', maxLength: 500 },
        sort: { ...oneOf('timestamp', '-timestamp'), default: '-timestamp' },
      }),
      reply: object({ spans: array(ref('Span')), next: text, took: count }, ['next']),
    }),
    async ({ body }) => {
      const started = performance.now()
      const { limit, cursor, sort } = body
      const page = await store.search(body.query, rangeOf(body), {
        limit,
        sort,
        ...(cursor === undefined ? {} : { cursor }),
      })
      const took = Math.round(performance.now() - started)
      return { spans: page.records.map(toSpan), ...(page.next === null ? {} : { next: page.next }), took }
    },
  )

  server.post<{ Body: RangeBody & { interval?: string; by?: string[]; aggregates: Aggregate[]; limit: number } }>(
    '/api/spans/timeseries',
    route({
      summary: 'Counts of a query over time, by group; empty buckets are 0',
      tag,
      body: body({
        interval: { type: 'string', maxLength: 10, description: '10s, 1m, 1h; about 100 points when absent' },
        by: facetNames,
        aggregates: aggregateList,
        limit: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
      }),
      reply: object({
        interval: text,
        series: array(
          object(
            {
              group: map(text),
              aggregate: { ...count, description: 'which of the aggregates, when several were asked for' },
              points: array(point),
            },
            ['aggregate'],
          ),
        ),
      }),
    }),
    async ({ body }) => {
      const range = rangeOf(body)
      const lengthMs = range.toMs - range.fromMs
      const intervalMs = body.interval === undefined ? niceInterval(lengthMs) : parseInterval(body.interval, 'interval')
      if (lengthMs / intervalMs > maxBuckets) {
        throw fail('REQUEST_INVALID', 'interval', `gives more than ${maxBuckets} points; choose a longer one`)
      }
      const several = body.aggregates.length > 1
      const series = await Promise.all(
        body.aggregates.map(async (wanted, aggregate) => {
          const options = { intervalMs, aggregates: [wanted], limit: body.limit, by: body.by ?? [] }
          const found = await store.timeseries(body.query, range, options)
          return found.map(({ group, points }) => ({ group, ...(several ? { aggregate } : {}), points }))
        }),
      )
      return { interval: printInterval(intervalMs), series: series.flat() }
    },
  )

  server.post<{
    Body: RangeBody & {
      by: string[]
      aggregates: Aggregate[]
      limit: number
      baseline: { from: unknown; to: unknown }
    }
  }>(
    '/api/spans/compare',
    route({
      summary: 'Groups of a query against a baseline, the largest excess first',
      tag,
      body: body(
        {
          by: { ...facetNames, minItems: 1 },
          aggregates: aggregateList,
          limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 10 },
          baseline: object({ from: when, to: when }),
        },
        ['by', 'baseline'],
      ),
      reply: object({
        rows: array(
          object({
            group: map(text),
            values: array(number),
            baseline: array(number),
            excess: { ...number, description: 'the first value less what a baseline of the same length has' },
          }),
        ),
      }),
    }),
    async ({ body }) => ({
      rows: await store.compare(
        body.query,
        { window: rangeOf(body), baseline: rangeOf(body.baseline) },
        { by: body.by, aggregates: body.aggregates, limit: body.limit },
      ),
    }),
  )

  server.get<{ Querystring: { from?: string; to?: string } }>(
    '/api/spans/facets',
    route({
      summary: 'Fields and attributes that were observed, with their types and how many records have them',
      tag,
      query: { from: when, to: when },
      reply: object({
        items: array(object({ facet: text, type: oneOf('string', 'number', 'boolean', 'list'), count })),
      }),
    }),
    async ({ query }) => ({ items: await store.facets(rangeOf(query)) }),
  )

  server.get<{
    Params: { facet: string }
    Querystring: { query: string; from?: string; to?: string; limit: number }
  }>(
    '/api/spans/facets/:facet/values',
    route({
      summary: 'Observed values of a facet, the most frequent first',
      tag,
      params: { type: 'object', required: ['facet'], properties: { facet: { type: 'string', maxLength: 500 } } },
      query: {
        query: queryText,
        from: when,
        to: when,
        limit: { type: 'integer', minimum: 1, maximum: maxRows, default: 50 },
      },
      reply: object({ items: array(object({ value: attributeValue, count })) }),
    }),
    async ({ params, query }) => ({
      items: await store.facetValues(params.facet, query.query, rangeOf(query), query.limit),
    }),
  )
}

/** A bucket width that gives about 60 to 120 points. */
export function niceInterval(rangeMs: number): number {
  const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400].map(
    (seconds) => seconds * 1_000,
  )
  return steps.find((step) => rangeMs / step <= 120) ?? 86_400_000
}
