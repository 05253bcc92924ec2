import type { Limits } from '../limits.ts'
import type { OtlpAttributes, OtlpResourceSpans, OtlpSpan, OtlpValue } from './otlp-span.ts'
import { listValue, mapValue } from './otlp-span.ts'
import { ProtobufReader } from './protobuf-reader.ts'

/** Nesting of lists and maps in an attribute; each level is a call. */
interface Budget {
  readonly limits: Limits
  spans: number
}

/** `ExportTraceServiceRequest` as protobuf. Source: opentelemetry-proto 1.x, field numbers. */
export function readProtobuf(body: Uint8Array, limits: Limits): readonly OtlpResourceSpans[] {
  const budget: Budget = { limits, spans: 0 }
  const found: OtlpResourceSpans[] = []
  eachField(new ProtobufReader(body), (field, reader) => {
    if (field === 1) found.push(readResourceSpans(reader.message(), budget))
    else reader.skip()
  })
  return found
}

function readResourceSpans(message: ProtobufReader, budget: Budget): OtlpResourceSpans {
  let resource: OtlpAttributes = []
  const spans: OtlpSpan[] = []
  eachField(message, (field, reader) => {
    if (field === 1) resource = readResource(reader.message(), budget)
    else if (field === 2) readScopeSpans(reader.message(), budget, spans)
    else reader.skip()
  })
  return { resource, spans }
}

function readResource(message: ProtobufReader, budget: Budget): OtlpAttributes {
  const attributes: [string, OtlpValue][] = []
  eachField(message, (field, reader) => {
    if (field === 1) readAttribute(reader, budget, attributes)
    else reader.skip()
  })
  return attributes
}

function readScopeSpans(message: ProtobufReader, budget: Budget, into: OtlpSpan[]): void {
  eachField(message, (field, reader) => {
    if (field !== 2) return reader.skip()
    if (++budget.spans > budget.limits.maxSpans) throw reader.error(`more than ${budget.limits.maxSpans} spans`)
    into.push(readSpan(reader.message(), budget))
  })
}

function readSpan(message: ProtobufReader, budget: Budget): OtlpSpan {
  const { maxTextBytes } = budget.limits
  const attributes: [string, OtlpValue][] = []
  const span = { traceId: '', spanId: '', parentSpanId: '', name: '', kind: 0, startMs: 0, endMs: 0, statusCode: 0 }
  eachField(message, (field, reader) => {
    if (field === 1) span.traceId = hex(reader.bytes())
    else if (field === 2) span.spanId = hex(reader.bytes())
    else if (field === 4) span.parentSpanId = hex(reader.bytes())
    else if (field === 5) span.name = reader.text(maxTextBytes)
    else if (field === 6) span.kind = reader.integer()
    else if (field === 7) span.startMs = reader.fixed64() / 1e6
    else if (field === 8) span.endMs = reader.fixed64() / 1e6
    else if (field === 9) readAttribute(reader, budget, attributes)
    else if (field === 15) span.statusCode = readStatus(reader.message())
    else reader.skip()
  })
  return { ...span, attributes }
}

function readStatus(message: ProtobufReader): number {
  let code = 0
  eachField(message, (field, reader) => {
    if (field === 3) code = reader.integer()
    else reader.skip()
  })
  return code
}

function readAttribute(reader: ProtobufReader, budget: Budget, into: [string, OtlpValue][]): void {
  const { maxTags } = budget.limits
  if (into.length >= maxTags) throw reader.error(`more than ${maxTags} attributes`)
  const [name, value] = readKeyValue(reader.message(), budget, 0)
  if (value !== undefined) into.push([name, value])
}

function readKeyValue(
  message: ProtobufReader,
  budget: Budget,
  depth: number,
): readonly [name: string, value: OtlpValue | undefined] {
  let name = ''
  let value: OtlpValue | undefined
  eachField(message, (field, reader) => {
    if (field === 1) name = reader.text(budget.limits.maxTextBytes)
    else if (field === 2) value = readValue(reader.message(), budget, depth)
    else reader.skip()
  })
  return [name, value]
}

function readValue(message: ProtobufReader, budget: Budget, depth: number): OtlpValue | undefined {
  const { maxDepth, maxTextBytes } = budget.limits
  if (depth > maxDepth) throw message.error(`values are nested deeper than ${maxDepth}`)
  let value: OtlpValue | undefined
  eachField(message, (field, reader) => {
    if (field === 1) value = reader.text(maxTextBytes)
    else if (field === 2) value = reader.integer() !== 0
    else if (field === 3) value = reader.integer()
    else if (field === 4) value = reader.double()
    else if (field === 5) value = listValue(readItems(reader.message(), (item) => readValue(item, budget, depth + 1)))
    else if (field === 6) {
      const entries = readItems(reader.message(), (item) => readKeyValue(item, budget, depth + 1))
      value = mapValue(entries.flatMap(([name, own]) => (own === undefined ? [] : [[name, own] as const])))
    } else if (field === 7) value = reader.bytes()
    else reader.skip()
  })
  return value
}

function readItems<T>(message: ProtobufReader, read: (item: ProtobufReader) => T): T[] {
  const items: T[] = []
  eachField(message, (field, reader) => {
    if (field === 1) items.push(read(reader.message()))
    else reader.skip()
  })
  return items
}

function eachField(reader: ProtobufReader, take: (field: number, reader: ProtobufReader) => void): void {
  for (let field = reader.field(); field !== undefined; field = reader.field()) take(field, reader)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
