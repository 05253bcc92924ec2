import type { ReservedName } from './ast.ts'

const MAX_64_BITS = 2n ** 64n
const MAX_128_BITS = 2n ** 128n

/**
 * What a trace or span id may have meant: hexadecimal (16 digits; 32 for a trace) or decimal. A trace id of 64 bits is
 * sought in the low half of the stored one, since logs often carry only that. Undefined when it can be neither.
 */
export function readIdentifier(
  name: ReservedName,
  text: string,
): { equals: readonly string[]; endsWith: readonly string[] } | undefined {
  const isTrace = name === 'trace_id'
  const hex = text.toLowerCase()
  const decimal = /^[0-9]{1,39}$/.test(text) ? BigInt(text) : undefined
  const full: string[] = []
  const low: string[] = []
  if (/^[0-9a-f]{16}$/.test(hex)) low.push(hex)
  if (isTrace && /^[0-9a-f]{32}$/.test(hex)) full.push(hex)
  if (decimal !== undefined && decimal < MAX_64_BITS) low.push(decimal.toString(16).padStart(16, '0'))
  else if (isTrace && decimal !== undefined && decimal < MAX_128_BITS) full.push(decimal.toString(16).padStart(32, '0'))
  if (full.length + low.length === 0) return undefined
  return isTrace ? { equals: full, endsWith: unique(low) } : { equals: unique(low), endsWith: [] }
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)]
}
