import type { Field, Operand } from './ast.ts'
import { reservedField } from './fields.ts'

/** What text is a number, in a query and in a value. */
export const numberText = /^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/

const nanosecondsOf: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['min', 60e9],
  ['h', 3600e9],
  ['d', 86_400e9],
])
const NANOSECONDS_A_MILLISECOND = 1e6

const withUnit = /^(-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)([a-zµμ]*)$/
const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[-+]\d\d:\d\d)?)?$/

/** What `readOperand` takes for a field, for error messages. */
export function operandExpected(field: Field): string {
  const type = field.kind === 'reserved' ? reservedField(field.name)?.type : 'number'
  if (type === 'timestamp') return 'an ISO 8601 time in quotes, or milliseconds since 1970'
  if (type === 'duration') return 'a duration such as 20ms or 1.5s'
  return 'a number, or a duration such as 20ms'
}

/**
 * Reads the operand of a comparison or a bound. On `duration` a number counts nanoseconds and the value is milliseconds;
 * on `timestamp` it is milliseconds since 1970, a time without zone being UTC; on an attribute a unit makes nanoseconds.
 */
export function readOperand(field: Field, text: string): Operand | undefined {
  const value = operandValue(field, text)
  return value === undefined || !Number.isFinite(value) ? undefined : { text, value }
}

function operandValue(field: Field, text: string): number | undefined {
  const type = field.kind === 'reserved' ? reservedField(field.name)?.type : 'number'
  if (type === 'timestamp') return readTime(text)
  if (type !== 'duration' && type !== 'number') return undefined
  const [, number, unit = ''] = withUnit.exec(text) ?? []
  const nanoseconds = unit === '' ? 1 : nanosecondsOf.get(unit)
  if (number === undefined || nanoseconds === undefined) return undefined
  const value = Number(number) * nanoseconds
  return type === 'duration' ? value / NANOSECONDS_A_MILLISECOND : value
}

function readTime(text: string): number | undefined {
  if (numberText.test(text)) return Number(text)
  const iso = isoTime.exec(text)
  if (iso === null) return undefined
  const milliseconds = Date.parse(text.includes('T') && iso[1] === undefined ? `${text}Z` : text)
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}
