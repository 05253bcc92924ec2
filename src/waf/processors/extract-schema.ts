import { wellFormed } from '../evaluate/found.ts'
import { readValue } from '../javascript-value.ts'
import type { Processor } from '../processor.ts'
import type { Scanner } from '../scanner.ts'

/** Type numbers of scalars in a schema. */
const type = { unknown: 0, null: 1, boolean: 2, integer: 4, string: 8, real: 16 } as const

const maxItems = 10
const maxKeys = 255
const maxDepth = 18
/** Values looked at in all, so that a small object that repeats itself many times over costs a bounded time. */
const maxValues = 20_000
/** Characters of one text that scanners look at, and of one key: as many as the reference sees of a string. */
const maxTextLength = 4096
/** Characters that scanners look at in all; texts beyond are strings without tags. */
const maxScanned = 1 << 18

export type Schema =
  | readonly [type: number, tags?: Readonly<Record<string, string>>]
  | readonly [record: Readonly<Record<string, Schema>>, meta?: { readonly truncated: true }]
  | readonly [items: readonly Schema[], meta: { readonly len: number; readonly truncated?: true }]

/**
 * `extract_schema`: the shape of a value without its contents. Scalars become `[type]` (with the tags of the first
 * scanner that recognises a string), lists their distinct item schemas, maps the schemas of their keys. A JavaScript
 * number is always a real, a bigint an integer. Source: spec/waf-rules.md 2.8.
 */
export const extractSchema: Processor<'extract_schema'> = {
  name: 'extract_schema',
  inputs: [{ name: 'inputs', required: true }],
  regenerates: false,
  generate([inputs], scanners) {
    return inputs === undefined
      ? undefined
      : schemaOf(inputs, '', 0, { scanners, valuesLeft: maxValues, textLeft: maxScanned })
  },
}

interface Walk {
  readonly scanners: readonly Scanner[]
  valuesLeft: number
  textLeft: number
}

function schemaOf(value: unknown, key: string, depth: number, walk: Walk): Schema {
  if (--walk.valuesLeft < 0) return [type.unknown]
  const isOpen = depth < maxDepth - 1
  const read = readValue(value, isOpen ? maxKeys : 0)
  switch (read.kind) {
    case 'scalar':
      return scalarSchema(read.value, key, walk)
    case 'list':
      return listSchema(read.items.slice(0, maxItems), read.size, key, depth, walk)
    case 'map': {
      const record: Record<string, Schema> = Object.create(null)
      for (const [name, below] of read.entries) {
        const shown = wellFormed(name.slice(0, maxTextLength))
        record[shown] = schemaOf(below, shown, depth + 1, walk)
      }
      return isOpen && read.size > maxKeys ? [record, { truncated: true }] : [record]
    }
    default:
      return [type.unknown]
  }
}

function scalarSchema(value: string | number | bigint | boolean | null, key: string, walk: Walk): Schema {
  if (value === null) return [type.null]
  switch (typeof value) {
    case 'boolean':
      return [type.boolean]
    case 'bigint':
      return [type.integer]
    case 'number':
      return [type.real]
    default: {
      const text = value.slice(0, Math.min(maxTextLength, walk.textLeft))
      walk.textLeft -= text.length
      const scanner = text === '' && value !== '' ? undefined : walk.scanners.find((one) => one.matches(key, text))
      return scanner === undefined ? [type.string] : [type.string, scanner.tags]
    }
  }
}

function listSchema(items: readonly unknown[], size: number, key: string, depth: number, walk: Walk): Schema {
  const distinct = new Map<string, Schema>()
  for (const item of items) {
    const schema = schemaOf(item, key, depth + 1, walk)
    const identity = identityOf(schema)
    if (!distinct.has(identity)) distinct.set(identity, schema)
  }
  const schemas = [...distinct.values()]
  return size > maxItems ? [schemas, { len: size, truncated: true }] : [schemas, { len: size }]
}

/** Equal for equal schemas, whatever the order of keys and of item schemas. */
function identityOf(schema: Schema): string {
  const [first, meta] = schema
  if (typeof first !== 'object') return JSON.stringify(schema)
  const parts = isItems(first)
    ? first.map(identityOf)
    : Object.entries(first).map(([key, below]) => JSON.stringify(key) + identityOf(below))
  return JSON.stringify([parts.sort(), meta])
}

function isItems(part: readonly Schema[] | Readonly<Record<string, Schema>>): part is readonly Schema[] {
  return Array.isArray(part)
}
