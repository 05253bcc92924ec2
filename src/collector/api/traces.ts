import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { Span } from '../../model/span.ts'
import type { Store } from '../store/store.ts'
import { idParams, route } from './route.ts'
import { array, object, ref, text, when } from './schema.ts'
import { parseTime } from './time-range.ts'

/** `/api/traces/{traceId}`: all spans of a trace that was kept. */
export function traceRoutes(
  server: FastifyInstance,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): void {
  server.get<{ Params: { traceId: string }; Querystring: { around?: string } }>(
    '/api/traces/:traceId',
    route({
      summary: 'The spans of a trace, at most 1,000, oldest first',
      tag: 'explorer',
      params: idParams('traceId', { maxLength: 39, description: '32 hexadecimal digits, or 16' }),
      query: { around: { ...when, description: 'about when it was; makes the search short' } },
      reply: object({ traceId: text, spans: array(ref('TraceSpan')) }),
    }),
    async ({ params, query }) => {
      if (!/^[0-9a-f]{1,32}$/i.test(params.traceId)) {
        throw fail('REQUEST_INVALID', 'traceId', 'is not a trace id; use 32 hexadecimal digits')
      }
      const traceId = params.traceId.toLowerCase().padStart(32, '0')
      const aroundMs = query.around === undefined ? undefined : parseTime(query.around, clock.nowMs(), 'around')
      const near = await store.trace(traceId, aroundMs)
      // The hint may be wrong; the trace may still be there.
      const spans = near.length === 0 && aroundMs !== undefined ? await store.trace(traceId) : near
      if (spans.length === 0) throw fail('NOT_FOUND', `trace ${traceId}`)
      return { traceId, spans: spans.map(shown) }
    },
  )
}

function shown(span: Span): object {
  const { traceId, spanId, parentId, service, name, resource, type, startMs, durationMs, error, meta, metrics } = span
  return {
    traceId,
    spanId,
    ...(parentId === undefined ? {} : { parentId }),
    service,
    name,
    resource,
    type,
    timestamp: new Date(startMs).toISOString(),
    startMs,
    durationMs,
    error: error === 1,
    meta,
    metrics,
  }
}
