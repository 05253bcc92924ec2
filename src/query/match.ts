import { parseIp, networkContains } from '../model/ip-address.ts'
import { type AttributeValue, type SpanRecord } from '../model/span-record.ts'
import type { Comparison, Field, Leaf, Query, ReservedName, Test } from './ast.ts'
import { freeTextFacets } from './fields.ts'
import { createGlobMatcher, createWordMatcher, fold } from './glob.ts'
import { numberText } from './operand.ts'

export type Matcher = (record: SpanRecord) => boolean
type Value = string | number | boolean
type ValuesTest = (values: readonly Value[]) => boolean

const matchers = new WeakMap<Query, Matcher>()

/** Whether the query holds for the record; the meaning of each node is in ast.ts. A query is compiled once. */
export function match(query: Query, record: SpanRecord): boolean {
  const known = matchers.get(query)
  if (known !== undefined) return known(record)
  const matcher = createMatcher(query)
  matchers.set(query, matcher)
  return matcher(record)
}

/** Compiles a query for many records. */
export function createMatcher(query: Query): Matcher {
  switch (query.kind) {
    case 'all':
      return () => true
    case 'and': {
      const items = query.items.map(createMatcher)
      return (record) => items.every((item) => item(record))
    }
    case 'or': {
      const items = query.items.map(createMatcher)
      return (record) => items.some((item) => item(record))
    }
    case 'not': {
      const item = createMatcher(query.item)
      return (record) => !item(record)
    }
    case 'text': {
      const occurs = createWordMatcher(query.glob)
      return (record) => freeTexts(record).some(occurs)
    }
    default: {
      const { field } = query
      const test = createTest(field, query.test)
      return (record) => test(fieldValues(field, record))
    }
  }
}

function freeTexts(record: SpanRecord): readonly string[] {
  const values = freeTextFacets.flatMap((name) => attributeValues(record.attributes, name))
  return [record.resource, ...values.map(String)]
}

/** The values of a field: one, those of a list, or none where it is absent. */
function fieldValues(field: Field, record: SpanRecord): readonly Value[] {
  return field.kind === 'reserved'
    ? [reservedValues[field.name](record)]
    : attributeValues(record.attributes, field.name)
}

function attributeValues(attributes: SpanRecord['attributes'], name: string): readonly Value[] {
  if (!Object.hasOwn(attributes, name)) return []
  const value: AttributeValue | undefined = attributes[name]
  return value === undefined ? [] : typeof value === 'object' ? value : [value]
}

const reservedValues: Readonly<Record<ReservedName, (record: SpanRecord) => Value>> = {
  service: ({ service }) => service,
  env: ({ env }) => env,
  version: ({ version }) => version,
  status: ({ status }) => status,
  trace_id: ({ traceId }) => traceId,
  span_id: ({ spanId }) => spanId,
  resource_name: ({ resource }) => resource,
  operation_name: ({ operation }) => operation,
  duration: ({ durationMs }) => durationMs,
  timestamp: ({ timestampMs }) => timestampMs,
  type: ({ type }) => type,
}

function createTest(field: Field, test: Test): ValuesTest {
  switch (test.kind) {
    case 'all': {
      const tests = test.tests.map((part) => createTest(field, part))
      return (values) => tests.every((part) => part(values))
    }
    case 'any':
      return createAny(field, test.tests)
    case 'not': {
      const negated = createTest(field, test.test)
      return (values) => !negated(values)
    }
    default: {
      const holds = createLeaf(field, test)
      return (values) => values.some(holds)
    }
  }
}

/** Alternatives; plain texts go into a set, since lists of thousands of addresses or logins are usual. */
function createAny(field: Field, tests: readonly Test[]): ValuesTest {
  const texts = tests.filter((test) => test.kind === 'is')
  const exact = new Set(texts.filter(({ ignoreCase }) => !ignoreCase).map(({ text }) => text))
  const folded = new Set(texts.filter(({ ignoreCase }) => ignoreCase).map(({ text }) => fold(text)))
  const others = tests.filter((test) => test.kind !== 'is').map((test) => createTest(field, test))
  return (values) =>
    values.some((value) => exact.has(String(value)) || (folded.size > 0 && folded.has(fold(String(value))))) ||
    others.some((test) => test(values))
}

function createLeaf(field: Field, test: Leaf): (value: Value) => boolean {
  switch (test.kind) {
    case 'exists':
      return field.kind === 'reserved' ? (value) => value !== '' : () => true
    case 'is': {
      if (!test.ignoreCase) return (value) => String(value) === test.text
      const folded = fold(test.text)
      return (value) => fold(String(value)) === folded
    }
    case 'like': {
      const matches = createGlobMatcher(test.glob)
      return (value) => matches(String(value))
    }
    case 'compare': {
      const holds = comparisons[test.operator]
      return (value) => {
        const number = asNumber(value)
        return number !== undefined && holds(number, test.operand.value)
      }
    }
    case 'range': {
      const { low, high } = test
      return (value) => {
        const number = asNumber(value)
        if (number === undefined) return false
        const aboveLow = low === undefined || number > low.value || (low.inclusive && number === low.value)
        return aboveLow && (high === undefined || number < high.value || (high.inclusive && number === high.value))
      }
    }
    case 'network': {
      const network = { words: Uint32Array.from(test.words), bits: test.bits }
      return (value) => {
        const ip = parseIp(String(value))
        return ip !== undefined && networkContains(network, ip)
      }
    }
    default:
      return (value) => test.equals.includes(String(value)) || test.endsWith.some((end) => String(value).endsWith(end))
  }
}

const comparisons: Readonly<Record<Comparison, (value: number, operand: number) => boolean>> = {
  '=': (value, operand) => value === operand,
  '>': (value, operand) => value > operand,
  '>=': (value, operand) => value >= operand,
  '<': (value, operand) => value < operand,
  '<=': (value, operand) => value <= operand,
}

/** The number a value is or spells; text that overflows a double is none. */
function asNumber(value: Value): number | undefined {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && numberText.test(value) ? Number(value) : undefined
  return number !== undefined && Number.isFinite(number) ? number : undefined
}
