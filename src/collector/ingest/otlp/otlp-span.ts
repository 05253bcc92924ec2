/** A value of an attribute; maps and lists that hold more than texts come as JSON text. */
export type OtlpValue = string | number | boolean | readonly string[] | Uint8Array
export type OtlpAttributes = readonly (readonly [name: string, value: OtlpValue])[]

/** A span of OTLP, whichever encoding it came in; ids are hexadecimal as they came, times in milliseconds. */
export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: number
  readonly startMs: number
  readonly endMs: number
  readonly attributes: OtlpAttributes
  readonly statusCode: number
}

export interface OtlpResourceSpans {
  readonly resource: OtlpAttributes
  readonly spans: readonly OtlpSpan[]
}

/** A list or a map as a value: a list of plain values is a list of texts, what is nested deeper becomes JSON. */
export function listValue(items: readonly (OtlpValue | undefined)[]): OtlpValue {
  const isPlain = items.every((item) => typeof item !== 'object')
  return isPlain ? items.map((item) => String(item ?? '')) : JSON.stringify(items)
}

export function mapValue(entries: OtlpAttributes): OtlpValue {
  const map = Object.create(null) as Record<string, OtlpValue>
  for (const [name, value] of entries) map[name] = value
  return JSON.stringify(map)
}
