/** Writes OTLP trace requests as protobuf, by the field numbers of opentelemetry-proto, for tests. */
export type JsonValue = {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number
  readonly bytesValue?: string
  readonly arrayValue?: { readonly values: readonly JsonValue[] }
  readonly kvlistValue?: { readonly values: readonly JsonAttribute[] }
}
export interface JsonAttribute {
  readonly key: string
  readonly value: JsonValue
}
export interface JsonSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly JsonAttribute[]
  readonly status: { readonly code?: number; readonly message?: string }
}
export interface JsonRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly JsonAttribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[]
  }[]
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, value)
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0))
    left >>= 7n
  } while (left > 0n)
  return Buffer.from(bytes)
}

const field = (number: number, wire: number) => varint(BigInt((number << 3) | wire))
const integer = (number: number, value: bigint) => Buffer.concat([field(number, 0), varint(value)])
export const bytes = (number: number, value: Uint8Array) =>
  Buffer.concat([field(number, 2), varint(BigInt(value.length)), value])
const text = (number: number, value: string) => bytes(number, Buffer.from(value))
function fixed64(number: number, value: bigint): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(value)
  return Buffer.concat([field(number, 1), buffer])
}
function double(number: number, value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeDoubleLE(value)
  return Buffer.concat([field(number, 1), buffer])
}

function anyValue(value: JsonValue): Buffer {
  if (value.stringValue !== undefined) return text(1, value.stringValue)
  if (value.boolValue !== undefined) return integer(2, value.boolValue ? 1n : 0n)
  if (value.intValue !== undefined) return integer(3, BigInt(value.intValue))
  if (value.doubleValue !== undefined) return double(4, value.doubleValue)
  if (value.arrayValue !== undefined) {
    return bytes(5, Buffer.concat(value.arrayValue.values.map((item) => bytes(1, anyValue(item)))))
  }
  if (value.kvlistValue !== undefined) {
    return bytes(6, Buffer.concat(value.kvlistValue.values.map((item) => bytes(1, attribute(item)))))
  }
  return bytes(7, Buffer.from(value.bytesValue ?? '', 'base64'))
}

function attribute({ key, value }: JsonAttribute): Buffer {
  return Buffer.concat([text(1, key), bytes(2, anyValue(value))])
}

function span(value: JsonSpan): Buffer {
  return Buffer.concat([
    bytes(1, Buffer.from(value.traceId, 'hex')),
    bytes(2, Buffer.from(value.spanId, 'hex')),
    text(3, 'vendor=state'),
    bytes(4, Buffer.from(value.parentSpanId ?? '', 'hex')),
    text(5, value.name),
    integer(6, BigInt(value.kind)),
    fixed64(7, BigInt(value.startTimeUnixNano)),
    fixed64(8, BigInt(value.endTimeUnixNano)),
    ...value.attributes.map((each) => bytes(9, attribute(each))),
    integer(10, 3n),
    bytes(15, Buffer.concat([text(2, value.status.message ?? ''), integer(3, BigInt(value.status.code ?? 0))])),
  ])
}

export function writeProtobuf(request: JsonRequest): Buffer {
  return Buffer.concat(
    request.resourceSpans.map(({ resource, scopeSpans }) =>
      bytes(
        1,
        Buffer.concat([
          bytes(1, Buffer.concat(resource.attributes.map((each) => bytes(1, attribute(each))))),
          ...scopeSpans.map(({ spans }) =>
            bytes(2, Buffer.concat([bytes(1, text(1, 'scope')), ...spans.map((each) => bytes(2, span(each)))])),
          ),
        ]),
      ),
    ),
  )
}
