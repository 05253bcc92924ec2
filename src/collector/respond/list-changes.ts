import { randomUUID } from 'node:crypto'
import type { DenylistEntry } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import type { TimelineEntry } from '../../model/signal.ts'
import type { AuditEntry, Changes, ListName, ResponseRecord } from '../state/state.ts'
import { checkEnd, checkEntry } from './check-entry.ts'
import type { NewEntry } from './respond.ts'

/** Entries of one call; a million go in as ten. */
export const maxEntriesAtOnce = 100_000

/** New entries by hand. An audit entry each, or one for all of a bulk. Throws REQUEST_INVALID. */
export function addEntries(
  list: ListName,
  added: readonly NewEntry[],
  author: string,
  nowMs: number,
): { readonly entries: readonly DenylistEntry[]; readonly changes: Changes } {
  if (added.length > maxEntriesAtOnce) {
    throw fail('REQUEST_INVALID', 'entries', `send at most ${maxEntriesAtOnce} at once`)
  }
  const createdAt = new Date(nowMs).toISOString()
  const entries = added.map((entry, index): DenylistEntry => {
    const { kind, value, expiresAt, reason, signalId } = checkEntry(list, entry, `entries[${index}]`, nowMs)
    return {
      id: randomUUID(),
      kind,
      value,
      expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
      reason,
      signalId: signalId ?? null,
      author,
      createdAt,
      rescindedAt: null,
      rescindedBy: null,
    }
  })
  const [only] = entries
  const audit: AuditEntry =
    entries.length === 1 && only !== undefined
      ? { at: createdAt, by: author, action: `${list}.add`, subject: only.id, before: null, after: only }
      : {
          at: createdAt,
          by: author,
          action: `${list}.bulk`,
          subject: `${entries.length} entries`,
          before: null,
          after: entries.slice(0, 100),
        }
  return {
    entries,
    changes: {
      entries: entries.map((entry) => ({ list, entry })),
      audit: entries.length === 0 ? [] : [audit],
    },
  }
}

/** Moves the end of an entry, and of the responses that it belongs to. Throws REQUEST_INVALID. */
export function extendEntry(
  list: ListName,
  before: DenylistEntry,
  responses: readonly ResponseRecord[],
  expiresAt: string | null,
  author: string,
  nowMs: number,
): { readonly entry: DenylistEntry; readonly changes: Changes } {
  checkEnd(expiresAt, 'expiresAt', nowMs)
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString()
  const entry = { ...before, expiresAt: until }
  return {
    entry,
    changes: {
      entries: [{ list, entry }],
      responses: responses.map((response) => ({ ...response, until })),
      audit: [auditOf(list, 'extend', before, entry, author, nowMs)],
    },
  }
}

/** Takes an entry back, with the responses that it belongs to. */
export function rescindEntry(
  list: ListName,
  before: DenylistEntry,
  responses: readonly ResponseRecord[],
  author: string,
  nowMs: number,
): { readonly entry: DenylistEntry; readonly changes: Changes } {
  const at = new Date(nowMs).toISOString()
  const entry = { ...before, rescindedAt: at, rescindedBy: author }
  return {
    entry,
    changes: {
      entries: [{ list, entry }],
      responses: responses.map((response) => ({ ...response, undoneAt: at })),
      timeline: responses.map(({ signalId, value }): TimelineEntry => ({
        signalId,
        at,
        by: author,
        kind: 'response_undone',
        text: `${value} is no longer blocked`,
      })),
      audit: [auditOf(list, 'rescind', before, entry, author, nowMs)],
    },
  }
}

function auditOf(
  list: ListName,
  verb: string,
  before: DenylistEntry,
  after: DenylistEntry,
  by: string,
  nowMs: number,
): AuditEntry {
  return { at: new Date(nowMs).toISOString(), by, action: `${list}.${verb}`, subject: after.id, before, after }
}
