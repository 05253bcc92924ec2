import type { TableKind } from './tables.ts'

/** Version of the tables below; a file written by a newer one is refused. */
export const schemaVersion = 3

export type ColumnType = 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'VARCHAR[]'

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

/**
 * Columns that every record has. `ts` is event time in microseconds, `ingested` wall clock in milliseconds, `weight` how
 * many records a sampled one stands for; `odd` says that an attribute with a column of its own came with another type
 * and therefore stands in `rest`. `activity` is the security activity, folded, of a record that has exactly one: comparing
 * it costs a fraction of looking through a list, and nearly every question of detection does.
 */
export const fixedColumns = [
  { name: 'seq', type: 'BIGINT' },
  { name: 'ingested', type: 'BIGINT' },
  { name: 'ts', type: 'BIGINT' },
  { name: 'trusted', type: 'BOOLEAN' },
  { name: 'weight', type: 'BIGINT' },
  { name: 'odd', type: 'BOOLEAN' },
  { name: 'trace_id', type: 'VARCHAR' },
  { name: 'span_id', type: 'VARCHAR' },
  { name: 'service', type: 'VARCHAR' },
  { name: 'env', type: 'VARCHAR' },
  { name: 'version', type: 'VARCHAR' },
  { name: 'resource', type: 'VARCHAR' },
  { name: 'operation', type: 'VARCHAR' },
  { name: 'type', type: 'VARCHAR' },
  { name: 'status', type: 'VARCHAR' },
  { name: 'duration', type: 'DOUBLE' },
  { name: 'activity', type: 'VARCHAR' },
] as const satisfies readonly Column[]

const texts = [
  'appsec.events_data.usr.login',
  'appsec.events_data.usr.id',
  'usr.id',
  'usr.login',
  'http.client_ip',
  '_dd.portcullis.ip_source',
  'http.method',
  'http.url',
  'http.route',
  'http.useragent',
  'http.useragent_details.browser.family',
  'http.useragent_details.browser.version',
  'http.useragent_details.os.family',
  'http.useragent_details.os.version',
  'http.useragent_details.device.family',
  'http.useragent_details.device.version',
  'network.client.ip',
  'network.client.as_name',
  'network.client.country',
  'network.client.range',
  'appsec.fingerprint.endpoint.method',
  'appsec.fingerprint.endpoint.path_hash',
  'appsec.fingerprint.endpoint.query_hash',
  'appsec.fingerprint.endpoint.body_hash',
  'appsec.fingerprint.header.known_headers',
  'appsec.fingerprint.header.ua_hash',
  'appsec.fingerprint.header.unknown_count',
  'appsec.fingerprint.header.unknown_hash',
  'appsec.fingerprint.header.order',
  'appsec.fingerprint.network.ip_count',
  'appsec.fingerprint.network.ip_headers',
  'appsec.fingerprint.session.user_hash',
  'appsec.fingerprint.session.cookie_names_hash',
  'appsec.fingerprint.session.cookie_values_hash',
  'appsec.fingerprint.session.session_hash',
  'http.request.headers.accept',
  'http.request.headers.accept-encoding',
  'http.request.headers.accept-language',
  'http.request.headers.content-type',
  'http.request.headers.host',
  'http.request.headers.origin',
  'http.request.headers.sec-ch-ua',
  'http.request.headers.sec-ch-ua-platform',
]
const integers = ['http.status_code', 'network.client.asn']
const flags = ['appsec.blocked', 'appsec.event', 'appsec.threat_intel', 'appsec.events_data.usr.exists']
const lists = [
  'appsec.security_activity',
  'appsec.rules',
  'threat_intel.results.category',
  'threat_intel.results.intention',
  'threat_intel.results.source.name',
]

/** Attributes with a column of their own, named like the attribute; all others stand in `rest`. */
export const attributeColumns: readonly Column[] = [
  ...texts.map((name) => ({ name, type: 'VARCHAR' }) as const),
  ...integers.map((name) => ({ name, type: 'BIGINT' }) as const),
  ...flags.map((name) => ({ name, type: 'BOOLEAN' }) as const),
  ...lists.map((name) => ({ name, type: 'VARCHAR[]' }) as const),
]

/** Address attributes as 32 hexadecimal digits (IPv4 v4-mapped), so that a network is a range; lists are joined by commas. */
export const addressColumns: readonly (Column & { readonly of: string })[] = [
  { name: 'client_ip_hex', type: 'VARCHAR', of: 'http.client_ip' },
  { name: 'network_ip_hex', type: 'VARCHAR', of: 'network.client.ip' },
]

/**
 * Attributes with a column whose values are indexed (value-index.ts), beside addresses and all of `rest`: those that people
 * look for one value of, among many. Columns of few values are scanned as fast as an index is read.
 */
export const indexedAttributes = [
  'appsec.events_data.usr.login',
  'appsec.events_data.usr.id',
  'usr.login',
  'usr.id',
  'http.url',
  'http.useragent',
  'appsec.fingerprint.header.ua_hash',
  'appsec.fingerprint.session.user_hash',
  'appsec.fingerprint.session.cookie_values_hash',
  'appsec.fingerprint.session.session_hash',
] as const

/**
 * `rest` is a JSON object of the other attributes, every value as text or a list of texts; `kinds`, null when all are
 * texts, says which are not: `[[numbers], [booleans], [lists]]` by name.
 */
const restColumns = [
  { name: 'kinds', type: 'VARCHAR' },
  { name: 'rest', type: 'VARCHAR' },
] as const satisfies readonly Column[]

/** The id of a record's client traits in the day's table of traits; null in records of before version 2 and compact ones. */
export const traitsColumn: Column = { name: 'traits', type: 'BIGINT' }

/** What is read of a record. */
export const recordColumns: readonly Column[] = [
  ...fixedColumns,
  ...attributeColumns,
  ...addressColumns,
  ...restColumns,
  traitsColumn,
]

/**
 * What the span of a record has beside it (span-beside.ts); empty, or null in records of before version 3, where the span
 * is stored whole or not at all.
 */
export const spanColumn: Column = { name: 'span', type: 'VARCHAR' }

/** All columns of a table of records, in their order; those that older files lack come last. */
export const storedColumns: readonly Column[] = [...recordColumns, spanColumn]
const addedColumns: readonly Column[] = [traitsColumn, spanColumn]

/** Columns of the tables of a kind. */
export function columnsOf(kind: TableKind): readonly Column[] {
  if (kind === 'spans') return spanColumns
  return kind === 'traits' ? traitColumns : storedColumns
}

/** Columns of the tables of traits: each combination once a day, `body` as `encodeClientTraits` gives it. */
const traitColumns: readonly Column[] = [
  { name: 'id', type: 'BIGINT' },
  { name: 'body', type: 'VARCHAR' },
]

/** Columns of the tables of spans without a record of their own; `body` is the span as JSON. */
const spanColumns: readonly Column[] = [
  { name: 'ingested', type: 'BIGINT' },
  { name: 'ts', type: 'BIGINT' },
  { name: 'trace_id', type: 'VARCHAR' },
  { name: 'span_id', type: 'VARCHAR' },
  { name: 'body', type: 'VARCHAR' },
]

/** An identifier in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** DuckDB picks a poor compression for long JSON texts: zstd takes a sixth of the space. */
const compressed = new Set(['rest', 'body', 'span'])

export function createTable(name: string, columns: readonly Column[]): string {
  return `CREATE TABLE IF NOT EXISTS ${quoted(name)} (${columns.map(definition).join(', ')})`
}

function definition({ name, type }: Column): string {
  return `${quoted(name)} ${type}${compressed.has(name) ? ' USING COMPRESSION zstd' : ''}`
}

/** Brings a table of records of an older version forward. */
export function addColumns(name: string): readonly string[] {
  return addedColumns.map((column) => `ALTER TABLE ${quoted(name)} ADD COLUMN IF NOT EXISTS ${definition(column)}`)
}
