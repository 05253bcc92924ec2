import type { DenylistEntry } from '../../../model/denylist-entry.ts'
import { fail } from '../../../model/error.ts'
import type { ListedEntry, Page, SignalFacts } from '../state.ts'
import type { Row } from './connect.ts'

type Cell = string | number | boolean | null

export function entryRow({ list, entry }: ListedEntry): readonly Cell[] {
  return [
    list,
    entry.id,
    entry.kind,
    entry.value,
    entry.expiresAt === null ? null : Date.parse(entry.expiresAt),
    entry.reason,
    entry.signalId,
    entry.author,
    Date.parse(entry.createdAt),
    entry.rescindedAt === null ? null : Date.parse(entry.rescindedAt),
    entry.rescindedBy,
  ]
}

export function readEntry(row: Row): DenylistEntry {
  return {
    id: row['id'] as string,
    kind: row['kind'] as DenylistEntry['kind'],
    value: row['value'] as string,
    expiresAt: isoOrNull(row['expires_ms']),
    reason: row['reason'] as string,
    signalId: row['signal_id'] as string | null,
    author: row['author'] as string,
    createdAt: new Date(row['created_ms'] as number).toISOString(),
    rescindedAt: isoOrNull(row['rescinded_ms']),
    rescindedBy: row['rescinded_by'] as string | null,
  }
}

export function signalRow(signal: SignalFacts): readonly Cell[] {
  return [
    signal.id,
    signal.rule.id,
    signal.state,
    signal.severity,
    signal.group['service'] ?? null,
    Date.parse(signal.openedAt),
    Date.parse(signal.lastSeen),
    signal.closedAt !== null,
    JSON.stringify(signal),
  ]
}

/** The JSON document of a row; what it holds is known from the table, since only `writeChanges` writes it. */
export function readBody(row: Row): unknown {
  return JSON.parse(row['body'] as string)
}

/** A cursor is where the last page ended: the sort key and, among equals, the id. */
export function writeCursor(key: number, id: string): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url')
}

/** Throws REQUEST_INVALID when the cursor is not one that `writeCursor` made. */
export function readCursor(cursor: string): { readonly key: number; readonly id: string } {
  try {
    const [key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (typeof key === 'number' && typeof id === 'string') return { key, id }
  } catch {
    // Said below: whatever it was, it is no cursor of ours.
  }
  throw fail('REQUEST_INVALID', 'cursor', 'it is not one that an earlier page gave')
}

/** One row more than asked for tells whether there is a next page. */
export function pageOf<T>(
  rows: readonly Row[],
  limit: number,
  read: (row: Row) => T,
  cursorAt: (row: Row) => string,
): Page<T> {
  const last = rows[limit - 1]
  return {
    items: rows.slice(0, limit).map((row) => read(row)),
    next: rows.length > limit && last !== undefined ? cursorAt(last) : null,
  }
}

function isoOrNull(ms: unknown): string | null {
  return typeof ms === 'number' ? new Date(ms).toISOString() : null
}
