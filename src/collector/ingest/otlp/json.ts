import { fail } from '../../../model/error.ts'
import type { Limits } from '../limits.ts'
import type { OtlpAttributes, OtlpResourceSpans, OtlpSpan, OtlpValue } from './otlp-span.ts'
import { listValue, mapValue } from './otlp-span.ts'

type Fields = Readonly<Record<string, unknown>>

/** `ExportTraceServiceRequest` as JSON: ids in hexadecimal, 64-bit integers as texts. Source: OTLP specification 1.x. */
export function readJson(body: Uint8Array, limits: Limits): readonly OtlpResourceSpans[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString())
  } catch {
    throw fail('PAYLOAD_INVALID', 'the body is not JSON', 'body')
  }
  let left = limits.maxSpans
  return listAt(fieldsAt(parsed, 'body')['resourceSpans'], 'resourceSpans').map((each, index) => {
    const where = `resourceSpans[${index}]`
    const fields = fieldsAt(each, where)
    const resource = fieldsAt(fields['resource'] ?? {}, `${where}.resource`)
    const spans = listAt(fields['scopeSpans'], `${where}.scopeSpans`).flatMap((scope, scopeIndex) => {
      const at = `${where}.scopeSpans[${scopeIndex}]`
      return listAt(fieldsAt(scope, at)['spans'], `${at}.spans`).map((span, spanIndex) => {
        const spanAt = `${at}.spans[${spanIndex}]`
        if (left-- === 0) throw fail('PAYLOAD_INVALID', `more than ${limits.maxSpans} spans`, spanAt)
        return readSpan(fieldsAt(span, spanAt), spanAt, limits)
      })
    })
    return { resource: attributesAt(resource['attributes'], `${where}.resource.attributes`, limits), spans }
  })
}

function readSpan(fields: Fields, where: string, limits: Limits): OtlpSpan {
  const status = fieldsAt(fields['status'] ?? {}, `${where}.status`)
  return {
    traceId: textAt(fields['traceId'], `${where}.traceId`, limits).toLowerCase(),
    spanId: textAt(fields['spanId'], `${where}.spanId`, limits).toLowerCase(),
    parentSpanId: textAt(fields['parentSpanId'], `${where}.parentSpanId`, limits).toLowerCase(),
    name: textAt(fields['name'], `${where}.name`, limits),
    kind: enumAt(fields['kind'], spanKinds, `${where}.kind`),
    startMs: integerAt(fields['startTimeUnixNano'] ?? 0, `${where}.startTimeUnixNano`) / 1e6,
    endMs: integerAt(fields['endTimeUnixNano'] ?? 0, `${where}.endTimeUnixNano`) / 1e6,
    attributes: attributesAt(fields['attributes'], `${where}.attributes`, limits),
    statusCode: enumAt(status['code'], statusCodes, `${where}.status.code`),
  }
}

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map((k) => `SPAN_KIND_${k}`)
const statusCodes = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR']

/** An enumeration as its number or its name. */
function enumAt(value: unknown, names: readonly string[], where: string): number {
  if (typeof value === 'string') return Math.max(0, names.indexOf(value))
  return integerAt(value ?? 0, where)
}

function attributesAt(value: unknown, where: string, limits: Limits): OtlpAttributes {
  const list = listAt(value, where)
  if (list.length > limits.maxTags) throw fail('PAYLOAD_INVALID', `more than ${limits.maxTags} attributes`, where)
  return list.flatMap((each, index) => {
    const at = `${where}[${index}]`
    const fields = fieldsAt(each, at)
    const own = valueAt(fields['value'], at, limits, 0)
    return own === undefined ? [] : [[textAt(fields['key'], `${at}.key`, limits), own] as const]
  })
}

function valueAt(value: unknown, where: string, limits: Limits, depth: number): OtlpValue | undefined {
  if (value === undefined || value === null) return undefined
  if (depth > limits.maxDepth) {
    throw fail('PAYLOAD_INVALID', `values are nested deeper than ${limits.maxDepth}`, where)
  }
  const fields = fieldsAt(value, where)
  if (fields['stringValue'] !== undefined) return textAt(fields['stringValue'], where, limits)
  if (typeof fields['boolValue'] === 'boolean') return fields['boolValue']
  if (fields['intValue'] !== undefined) return integerAt(fields['intValue'], where)
  if (fields['doubleValue'] !== undefined) return numberAt(fields['doubleValue'], where)
  if (fields['bytesValue'] !== undefined) {
    return new Uint8Array(Buffer.from(textAt(fields['bytesValue'], where, limits), 'base64'))
  }
  if (fields['arrayValue'] !== undefined) {
    const items = listAt(fieldsAt(fields['arrayValue'], where)['values'], where)
    return listValue(items.map((item) => valueAt(item, where, limits, depth + 1)))
  }
  if (fields['kvlistValue'] === undefined) return undefined
  const entries = listAt(fieldsAt(fields['kvlistValue'], where)['values'], where)
  return mapValue(
    entries.flatMap((entry) => {
      const pair = fieldsAt(entry, where)
      const own = valueAt(pair['value'], where, limits, depth + 1)
      return own === undefined ? [] : [[textAt(pair['key'], where, limits), own] as const]
    }),
  )
}

function fieldsAt(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fail('PAYLOAD_INVALID', 'expected an object', where)
  }
  return value as Fields
}

function listAt(value: unknown, where: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw fail('PAYLOAD_INVALID', 'expected a list', where)
  return value
}

function textAt(value: unknown, where: string, { maxTextBytes }: Limits): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw fail('PAYLOAD_INVALID', 'expected a text', where)
  if (value.length > maxTextBytes)
    throw fail('PAYLOAD_INVALID', `a text of ${value.length} characters is too long`, where)
  return value
}

function integerAt(value: unknown, where: string): number {
  const number = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number))
    throw fail('PAYLOAD_INVALID', 'expected an integer', where)
  return number
}

/** Numbers; "NaN" and "Infinity" come as texts. */
function numberAt(value: unknown, where: string): number {
  const number = typeof value === 'string' && value.length < 40 ? Number(value) : value
  if (typeof number !== 'number') throw fail('PAYLOAD_INVALID', 'expected a number', where)
  return number
}
