import { MsgpackWriter } from './export/msgpack-writer.ts'
import type { LiveSpan } from './span/live-span.ts'

/** Bounds of a recorded body (spec/tracer.md 2.5): characters of a text, levels, entries of one list or record. */
const MAX_TEXT_LENGTH = 4_096
const MAX_DEPTH = 20
const MAX_ENTRIES = 256
/** Values of one body; within the bounds above a body could still be endless. */
const MAX_VALUES = 10_000

const REDACTED = '<redacted>'
const writer = new MsgpackWriter()

/**
 * Records the parsed body of a request as the structured tag `http.request.body`, as the WAF action
 * `extended_data_collection` asks for. Values under a secret key are hidden; a tag says when something was cut.
 */
export function recordBody(span: LiveSpan, body: unknown, isSecretKey: (key: string) => boolean): void {
  if (body === undefined || body === null || body === '') return
  if (typeof body === 'object' && Object.keys(body).length === 0) return
  let values = 0
  let cut = false

  try {
    write(body, 0)
  } catch (error) {
    writer.take()
    throw error
  }
  ;(span.metaStruct ??= new Map()).set('http.request.body', writer.take())
  if (cut) span.setTag('_dd.appsec.request_body_size.exceeded', 'true')

  function write(value: unknown, depth: number): void {
    if (++values > MAX_VALUES) drop()
    else if (typeof value === 'string') writeText(value)
    else if (typeof value === 'number') writer.number(value)
    else if (typeof value === 'boolean') writer.boolean(value)
    else if (typeof value !== 'object' || value === null) writer.nil()
    else if (depth >= MAX_DEPTH) drop()
    else if ('toJSON' in value && typeof value.toJSON === 'function') write(value.toJSON(), depth + 1)
    else if (Array.isArray(value)) writeList(value, depth)
    else writeRecord(value, depth)
  }

  function drop(): void {
    cut = true
    writer.nil()
  }

  function writeText(text: string): void {
    if (text.length > MAX_TEXT_LENGTH) cut = true
    writer.string(text.slice(0, MAX_TEXT_LENGTH))
  }

  function writeList(list: readonly unknown[], depth: number): void {
    const size = Math.min(list.length, MAX_ENTRIES)
    if (size < list.length) cut = true
    writer.arrayHeader(size)
    for (let index = 0; index < size; index++) write(list[index], depth + 1)
  }

  function writeRecord(record: object, depth: number): void {
    const names = Object.keys(record)
    const size = Math.min(names.length, MAX_ENTRIES)
    if (size < names.length) cut = true
    writer.mapHeader(size)
    for (const name of names.slice(0, size)) {
      writeText(name)
      if (isSecretKey(name)) writer.string(REDACTED)
      else write(Reflect.get(record, name), depth + 1)
    }
  }
}
