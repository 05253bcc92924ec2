import { fail } from '../../../model/error.ts'
import type { Span } from '../../../model/span.ts'
import { tag } from '../../../model/tags.ts'
import { arrayOf, mapOf, type Path } from './read-values.ts'
import { readSpan, readTuple, type SpanDraft } from './read-span.ts'

/** v0.3 and v0.4: an array of traces, each an array of spans as maps. */
export function readTraces(value: unknown): Span[][] {
  return arrayOf(value, () => 'traces').map((trace, index) => withTraceTags(readSpans(trace, () => `traces[${index}]`)))
}

/** v0.5: `[strings, traces]`; spans are tuples whose texts are positions in the table. */
export function readStringTable(value: unknown): Span[][] {
  const [strings, traces] = arrayOf(value, () => 'payload')
  const table = arrayOf(strings, () => 'payload[0]').map((text, index) => {
    if (typeof text !== 'string') throw fail('PAYLOAD_INVALID', 'not a text', `payload[0][${index}]`)
    return text
  })
  return arrayOf(traces, () => 'payload[1]').map((trace, index) => {
    const path: Path = () => `payload[1][${index}]`
    const spans = arrayOf(trace, path).map((tuple, position) => readTuple(tuple, table, () => `${path()}[${position}]`))
    return withTraceTags(spans)
  })
}

/** v0.7: `{chunks: [{spans, priority, origin, tags}], env, app_version, …}`; what the chunk says goes on its spans. */
export function readChunks(value: unknown): Span[][] {
  const payload = mapOf(value, () => 'payload')
  const shared = { env: payload['env'], version: payload['app_version'] }
  return arrayOf(payload['chunks'], () => 'payload.chunks').map((item, index) => {
    const path: Path = () => `payload.chunks[${index}]`
    const chunk = mapOf(item, path)
    const { priority, origin } = chunk
    const meta = texts({
      ...shared,
      ...(chunk['tags'] === undefined ? {} : mapOf(chunk['tags'], () => `${path()}.tags`)),
      [tag.origin]: origin,
    })
    const metrics = typeof priority === 'number' ? { [tag.samplingPriority]: priority } : {}
    const spans = readSpans(chunk['spans'], () => `${path()}.spans`).map((span) => ({
      ...span,
      meta: { ...meta, ...span.meta },
      metrics: { ...metrics, ...span.metrics },
    }))
    return withTraceTags(spans)
  })
}

function readSpans(value: unknown, path: Path): SpanDraft[] {
  return arrayOf(value, path).map((span, index) => readSpan(span, () => `${path()}[${index}]`))
}

/** The high half of a 128-bit trace id stands on one span of the trace only. */
function withTraceTags(spans: SpanDraft[]): Span[] {
  const high = spans.find(({ meta }) => meta[tag.traceIdHigh] !== undefined)?.meta[tag.traceIdHigh]
  if (high === undefined || !/^[0-9a-f]{16}$/.test(high)) return spans
  for (const span of spans) span.traceId = high + span.traceId.slice(16)
  return spans
}

function texts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(values).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
  )
  return Object.fromEntries(entries)
}
