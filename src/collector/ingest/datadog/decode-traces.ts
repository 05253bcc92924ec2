import { fail } from '../../../model/error.ts'
import type { Span } from '../../../model/span.ts'
import { readMsgpack } from './read-msgpack.ts'
import { readChunks, readStringTable, readTraces } from './read-traces.ts'

export type TraceFormat = 'v0.3' | 'v0.4' | 'v0.5' | 'v0.7'

/**
 * Decodes a body of the agent protocol: msgpack, or JSON for `application/json`. v0.5 has a table of strings, v0.7 wraps
 * chunks. Throws PAYLOAD_INVALID that says where; nothing is taken in part.
 * Source: the Datadog Agent's trace intake (spec/collector.md 2).
 */
export function decodeTraces(format: TraceFormat, body: Uint8Array, contentType: string): readonly (readonly Span[])[] {
  const value = contentType === 'application/json' ? fromJson(body) : readMsgpack(body)
  if (format === 'v0.5') return readStringTable(value)
  return format === 'v0.7' ? readChunks(value) : readTraces(value)
}

function fromJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    throw fail('PAYLOAD_INVALID', 'the body is not JSON', 'body')
  }
}
