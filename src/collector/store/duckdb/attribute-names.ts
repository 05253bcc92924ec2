import { memberStart } from './rest-text.ts'
import type { ColumnType } from './schema.ts'
import { attributeColumns, fixedColumns } from './schema.ts'
import { wellFormed } from './well-formed.ts'

export interface OwnColumn {
  readonly type: ColumnType
  readonly at: number
}

/** What is to be done with an attribute, by its name. */
export interface AttributeName {
  /** The name as it is stored. */
  readonly text: string
  /** Its own column, where it has one. */
  readonly column: OwnColumn | undefined
  /** The beginning of its member in `rest`. */
  readonly member: string
  /** Whether a text or number of this name is a tag of the span that the record was made of (span-beside.ts). */
  readonly isTag: boolean
}

const columns = new Map(
  attributeColumns.map(({ name, type }, index) => [name, { type, at: fixedColumns.length + index }]),
)
/** What enrichment makes, and spans hardly have as tags. */
const madePrefixes = ['appsec.', 'network.client.', 'threat_intel.', 'http.useragent_details.']
/** Tags that records have in fields of their own, or as another type. */
const otherwise = new Set(['env', 'version', 'http.status_code'])

/** Names are the same in most records; somebody may invent some. */
const known = new Map<string, AttributeName>()
const MAX_KNOWN = 5_000
const MAX_KNOWN_LENGTH = 200

export function attributeName(name: string): AttributeName {
  let found = known.get(name)
  if (found === undefined) {
    const text = wellFormed(name)
    found = {
      text,
      column: columns.get(name),
      member: memberStart(text),
      isTag: !otherwise.has(text) && !madePrefixes.some((prefix) => text.startsWith(prefix)),
    }
    if (known.size >= MAX_KNOWN) known.clear()
    if (name.length <= MAX_KNOWN_LENGTH) known.set(name, found)
  }
  return found
}
