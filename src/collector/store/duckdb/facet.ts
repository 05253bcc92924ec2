import type { Field, ReservedName } from '../../../query/query.ts'
import { attribute } from '../../../model/span-record.ts'
import { parseFacet } from '../../../query/query.ts'
import type { Column } from './schema.ts'
import { addressColumns, attributeColumns, quoted } from './schema.ts'
import type { Binder } from './binder.ts'
import { memberStart } from './rest-text.ts'

/** The reserved fields of the query language as text in SQL. */
const reserved: Readonly<Record<ReservedName, string>> = {
  service: 'service',
  env: 'env',
  version: 'version',
  status: 'status',
  trace_id: 'trace_id',
  span_id: 'span_id',
  resource_name: 'resource',
  operation_name: 'operation',
  type: 'type',
  duration: 'CAST(duration AS VARCHAR)',
  timestamp: 'CAST(ts // 1000 AS VARCHAR)',
}
const columns = new Map<string, Column>(attributeColumns.map((column) => [column.name, column]))

/** What an expression needs to know of the table that it is for. */
export interface Scope {
  readonly binder: Binder
  /** Whether some record has an attribute of another type than its column's, so that `rest` must be looked at as well. */
  readonly odd: boolean
}

/** A value in SQL: a text, or a list of texts; NULL where the record lacks it. */
export interface Expression {
  readonly sql: string
  readonly isList: boolean
  /** The value as a number, where the column has numbers. */
  readonly number?: string
  /** The value as a boolean, where the column has booleans. */
  readonly flag?: string
  /** A column with the folded value of records that have exactly one; NULL in all others. */
  readonly onlyOne?: string
  /** Whether it has to be read from the JSON in `rest`. */
  readonly isInRest?: boolean
}

/** The text of a facet (`service`, `@http.client_ip`) in SQL. Throws QUERY_UNKNOWN_FIELD. */
export function facetExpression(facet: string, scope: Scope): Expression {
  return fieldExpression(parseFacet(facet), scope)
}

export function fieldExpression(field: Field, scope: Scope): Expression {
  if (field.kind === 'attribute') return attributeExpression(field.name, scope)
  return { sql: reserved[field.name], isList: false }
}

/** The addresses of an attribute as 32 hexadecimal digits; undefined for attributes that are not known to have any. */
export function addressExpression(name: string, { odd }: Scope): Expression | undefined {
  const column = addressColumns.find(({ of }) => of === name)
  if (!column) return undefined
  return odd ? { sql: `string_split(${column.name}, ',')`, isList: true } : { sql: column.name, isList: false }
}

/** The text, or texts, of an attribute as they were appended: numbers and booleans as JavaScript prints them. */
function attributeExpression(name: string, scope: Scope): Expression {
  const column = columns.get(name)
  if (!column) return restExpression(name, scope)
  const plain = columnExpression(column)
  if (!scope.odd) return name === attribute.activity ? { ...plain, onlyOne: 'activity' } : plain
  const rest = restExpression(name, scope).sql
  const listed = plain.isList ? plain.sql : `CASE WHEN ${plain.sql} IS NOT NULL THEN [${plain.sql}] END`
  return { sql: `CASE WHEN odd THEN coalesce(${listed}, ${rest}) ELSE ${listed} END`, isList: true }
}

function columnExpression(column: Column): Expression {
  const name = quoted(column.name)
  if (column.type === 'VARCHAR') return { sql: name, isList: false }
  if (column.type === 'VARCHAR[]') return { sql: name, isList: true }
  const text = { sql: `CAST(${name} AS VARCHAR)`, isList: false }
  return column.type === 'BIGINT' ? { ...text, number: name } : { ...text, flag: name }
}

/**
 * Attributes without a column: any record may have a list there. Reading JSON is what costs, so it is read once, and only
 * where the name occurs.
 */
function restExpression(name: string, { binder }: Scope): Expression {
  const pointer = binder.text(jsonPointer(name))
  const isList = `s LIKE '[%' AND json_type(rest, ${pointer}) = 'ARRAY'`
  const values = `CASE WHEN ${isList} THEN from_json(s, '["VARCHAR"]') WHEN s IS NOT NULL THEN [s] END`
  const read = `list_transform([json_extract_string(rest, ${pointer})], lambda s: ${values})[1]`
  return {
    sql: `CASE WHEN contains(rest, ${binder.text(memberStart(name))}) THEN ${read} END`,
    isList: true,
    isInRest: true,
  }
}

/** RFC 6901: any key can be named, whatever characters it has. */
function jsonPointer(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
