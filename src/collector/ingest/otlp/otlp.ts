import { fail } from '../../../model/error.ts'
import type { Span } from '../../../model/span.ts'
import type { Limits } from '../limits.ts'
import { defaultLimits } from '../limits.ts'
import { readJson } from './json.ts'
import { readProtobuf } from './protobuf.ts'
import { toSpans } from './to-span.ts'

export const protobufType = 'application/x-protobuf'
export const jsonType = 'application/json'

/** What an OTLP request holds. Spans that make no sense are left out and counted: the rest is a partial success. */
export interface OtlpTraces {
  readonly spans: readonly Span[]
  readonly rejected: number
  readonly reason: string | undefined
}

/** An answer in the encoding of the request. */
export interface OtlpReply {
  readonly status: 200 | 400
  readonly contentType: string
  readonly body: Uint8Array | string
}

/** Decodes an OTLP/HTTP trace request, protobuf or JSON. One that cannot be decoded throws PAYLOAD_INVALID. */
export function decodeOtlp(body: Uint8Array, contentType: string, limits: Limits = defaultLimits): OtlpTraces {
  if (contentType === jsonType) return toSpans(readJson(body, limits))
  if (contentType === protobufType) return toSpans(readProtobuf(body, limits))
  throw fail('PAYLOAD_INVALID', `${contentType} is neither ${protobufType} nor ${jsonType}`, 'content-type')
}

/** The answer to a request that was taken, wholly or in part, in the encoding of the request. */
export function encodeOtlpReply(contentType: string, { rejected, reason = '' }: Omit<OtlpTraces, 'spans'>): OtlpReply {
  if (contentType === jsonType) {
    const partial = { partialSuccess: { rejectedSpans: String(rejected), errorMessage: reason } }
    return { status: 200, contentType, body: JSON.stringify(rejected === 0 ? {} : partial) }
  }
  const partial = Buffer.concat([varintField(1, rejected), textField(2, reason)])
  return { status: 200, contentType: protobufType, body: rejected === 0 ? Buffer.alloc(0) : bytesField(1, partial) }
}

/** Codes of google.rpc.Code by HTTP status, as the OTLP specification pairs them. */
const rpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 12,
  413: 8,
  429: 8,
  503: 14,
  507: 14,
}
const rpcInternal = 13

/** The answer to a request that could not be decoded, a `google.rpc.Status` in the encoding of the request. */
export function encodeOtlpRefusal(contentType: string, message: string): OtlpReply {
  if (contentType === protobufType) return { status: 400, ...encodeOtlpProblem({ status: 400, detail: message }) }
  return { status: 400, contentType: jsonType, body: JSON.stringify({ code: rpcCodes[400], message }) }
}

/** Any refusal of a protobuf request, as a `google.rpc.Status`. */
export function encodeOtlpProblem({ status, detail }: { readonly status: number; readonly detail: string }): {
  readonly contentType: string
  readonly body: Uint8Array
} {
  const body = Buffer.concat([varintField(1, rpcCodes[status] ?? rpcInternal), textField(2, detail)])
  return { contentType: protobufType, body }
}

function varintField(field: number, value: number): Buffer {
  const bytes = [field << 3]
  let left = value
  while (left > 0x7f) {
    bytes.push((left % 128) | 0x80)
    left = Math.floor(left / 128)
  }
  bytes.push(left)
  return Buffer.from(bytes)
}

function textField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text))
}

function bytesField(field: number, bytes: Uint8Array): Buffer {
  const length = varintField(0, bytes.length).subarray(1)
  return Buffer.concat([Buffer.from([(field << 3) | 2]), length, bytes])
}
