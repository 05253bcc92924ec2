import { types } from 'node:util'
import { listKeys } from './list-keys.ts'

/** A JavaScript value as processors see it: text, a list, a map, or something else. */
export type ReadValue =
  | { readonly kind: 'scalar'; readonly value: string | number | bigint | boolean | null }
  /** `items` holds at most as many as were asked for, `size` counts them all. */
  | { readonly kind: 'list'; readonly items: readonly unknown[]; readonly size: number }
  | {
      readonly kind: 'map'
      readonly entries: readonly (readonly [key: string, value: unknown])[]
      readonly size: number
    }
  | { readonly kind: 'unknown' }

const unknown: ReadValue = { kind: 'unknown' }

/**
 * Reads one level of any value: Map, URLSearchParams and objects are maps, arrays and sets lists, boxed and binary
 * values and dates scalars. Never throws: what will not be read (a throwing getter, a revoked proxy) is unknown.
 */
export function readValue(value: unknown, maxEntries: number): ReadValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return { kind: 'scalar', value }
    case 'object':
      if (value === null) return { kind: 'scalar', value }
      try {
        return readObject(value, maxEntries)
      } catch {
        return unknown
      }
    default:
      return unknown
  }
}

/** Characters of a text that processors look at: more than any header, path or name that they were made for. */
const maxTextLength = 65_536

/**
 * The text of a value that is one: a string, or a list of a single one (as some servers give header values). Of a text
 * longer than 65,536 characters the first ones.
 */
export function readText(value: unknown): string | undefined {
  const text = wholeText(value)
  return text === undefined || text.length <= maxTextLength ? text : text.slice(0, maxTextLength)
}

function wholeText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return undefined
  const read = readValue(value, 1)
  if (read.kind === 'scalar') return typeof read.value === 'string' ? read.value : undefined
  return read.kind === 'list' && read.size === 1 && typeof read.items[0] === 'string' ? read.items[0] : undefined
}

function readObject(given: object, maxEntries: number): ReadValue {
  const value = unbox(given, (bytes) => bytes.toString('utf8'))
  if (typeof value !== 'object') return value === undefined ? unknown : { kind: 'scalar', value: value as string }
  if (Array.isArray(given)) return { kind: 'list', items: given.slice(0, maxEntries), size: given.length }
  if (types.isProxy(given)) return readEntries(given, maxEntries)
  if (types.isMap(given)) return { kind: 'map', entries: firstEntries(given.entries(), maxEntries), size: given.size }
  if (types.isSet(given)) return { kind: 'list', items: first(given.values(), maxEntries), size: given.size }
  if (given instanceof URLSearchParams)
    return { kind: 'map', entries: first(given.entries(), maxEntries), size: given.size }
  return readEntries(given, maxEntries)
}

/** The scalar that a boxed or binary object, or a date, stands for; the object itself when it is a container. */
export function unbox(value: object, readBytes: (bytes: Buffer) => string): unknown {
  if (types.isProxy(value)) return value
  if (ArrayBuffer.isView(value)) return readBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  if (types.isAnyArrayBuffer(value)) return readBytes(Buffer.from(value))
  if (types.isBoxedPrimitive(value)) return unboxPrimitive(value)
  return types.isDate(value) ? dateToText(value) : value
}

function unboxPrimitive(value: object): unknown {
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value)
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value)
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value)
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value)
  return undefined
}

function dateToText(value: Date): string | undefined {
  const time = Date.prototype.getTime.call(value)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}

function readEntries(value: object, maxEntries: number): ReadValue {
  const keys = listKeys(value)
  const entries = keys.slice(0, maxEntries).map((key) => [key, readProperty(value, key)] as const)
  return { kind: 'map', entries, size: keys.length }
}

/** One property; undefined when its getter throws, so that the others are still seen. */
export function readProperty(value: object, key: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[key]
  } catch {
    return undefined
  }
}

function firstEntries(entries: Iterable<readonly [unknown, unknown]>, max: number): [string, unknown][] {
  return first(entries, max)
    .filter(([key]) => typeof key === 'string' || typeof key === 'number')
    .map(([key, value]) => [String(key), value])
}

function first<Item>(items: Iterable<Item>, max: number): Item[] {
  const taken: Item[] = []
  for (const item of items) {
    if (taken.length >= max) break
    taken.push(item)
  }
  return taken
}

/** Whether it is an ordinary object; a proxy that will not say is none. */
export function isPlainMap(value: object): boolean {
  try {
    return !Array.isArray(value) && hasPlainPrototype(value)
  } catch {
    return false
  }
}

/**
 * Whether nothing but properties can be expected of an object: it has no prototype, or one that has none itself, as
 * query parsers give it to what they make (`fast-querystring`). Throws where a proxy does.
 */
export function hasPlainPrototype(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}
