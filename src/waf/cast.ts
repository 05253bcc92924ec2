import { fail } from '../model/error.ts'

/** A JSON object, read from outside: any key may be there. */
export type Json = Readonly<Record<string, unknown>>

/**
 * Lenient reading of ruleset JSON, as the format's engines do it: numbers and booleans are taken from strings, whole
 * floats as integers, strings from numbers. Each throws RULESET_INVALID with the JSON path when the value cannot be read;
 * the `optional…` ones return undefined when it is absent. Source: spec/waf-rules.md 2.1.
 */
export function asObject(value: unknown, path: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw fail('RULESET_INVALID', path, expected('an object', value))
}

export function asArray(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw fail('RULESET_INVALID', path, expected('an array', value))
}

export function asString(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  throw fail('RULESET_INVALID', path, expected('a string', value))
}

export function asBoolean(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') {
    const text = value.toLowerCase()
    if (text === 'true') return true
    if (text === 'false') return false
  }
  throw fail('RULESET_INVALID', path, expected('a boolean', value))
}

export function asFloat(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string' && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value)) return Number(value)
  throw fail('RULESET_INVALID', path, expected('a number', value))
}

export function asSigned(value: unknown, path: string): number {
  const isFraction = typeof value === 'string' && !/^[+-]?\d+$/.test(value)
  const number = isFraction ? Number.NaN : asFloat(value, path)
  if (Number.isInteger(number)) return number
  throw fail('RULESET_INVALID', path, expected('a whole number', value))
}

export function asUnsigned(value: unknown, path: string): number {
  const number = asSigned(value, path)
  if (number >= 0) return number
  throw fail('RULESET_INVALID', path, expected('a whole number of at least 0', value))
}

/** The name of an address or of a key, as the one string object that V8 keeps for it: comparing two of them is comparing pointers. */
export function asName(value: unknown, path: string): string {
  const [name = ''] = Object.keys({ [asString(value, path)]: true })
  return name
}

export function asStrings(value: unknown, path: string): string[] {
  return asArray(value, path).map((item, index) => asString(item, `${path}[${index}]`))
}

export function optionalObject(value: unknown, path: string): Json | undefined {
  return value === undefined ? undefined : asObject(value, path)
}

export function optionalArray(value: unknown, path: string): readonly unknown[] {
  return value === undefined ? [] : asArray(value, path)
}

export function optionalString(value: unknown, path: string): string | undefined {
  return value === undefined ? undefined : asString(value, path)
}

export function optionalBoolean(value: unknown, path: string): boolean | undefined {
  return value === undefined ? undefined : asBoolean(value, path)
}

function expected(what: string, got: unknown): string {
  const kind = got === null ? 'null' : Array.isArray(got) ? 'an array' : typeof got
  return got === undefined ? `${what} is required` : `${what} is expected, not ${kind}`
}
