import type { DenylistEntry } from '../../../model/denylist-entry.ts'
import type { ActiveValue, EntryFilter, EntryGroup, ListName, Page, PageRequest } from '../state.ts'
import type { Connection, Parameters } from './connect.ts'
import { pageOf, readCursor, readEntry, writeCursor } from './rows.ts'

const entryCondition = `list = $list
  AND ($activeAtMs IS NULL OR (rescinded_ms IS NULL AND (expires_ms IS NULL OR expires_ms > $activeAtMs)))
  AND (len($kinds) = 0 OR list_contains($kinds, kind))
  AND (NOT $byValue OR value IN (SELECT unnest($values)))
  AND ($signalId::VARCHAR IS NULL OR signal_id = $signalId)
  AND (NOT $byHand OR signal_id IS NULL)`

function entryParameters(list: ListName, filter: EntryFilter): Parameters {
  return {
    list,
    activeAtMs: filter.activeAtMs ?? null,
    kinds: filter.kinds ?? [],
    byValue: filter.values !== undefined,
    values: filter.values ?? [],
    signalId: filter.signalId ?? null,
    byHand: filter.signalId === null,
  }
}

export async function readEntries(
  connection: Connection,
  list: ListName,
  filter: EntryFilter,
  page: PageRequest,
): Promise<Page<DenylistEntry>> {
  const from = page.cursor === undefined ? { key: Number.MAX_SAFE_INTEGER, id: '' } : readCursor(page.cursor)
  const rows = await connection.rows(
    `SELECT * FROM entries
     WHERE (created_ms < $key OR (created_ms = $key AND id < $id)) AND ${entryCondition}
     ORDER BY created_ms DESC, id DESC LIMIT $limit`,
    { ...from, ...entryParameters(list, filter), limit: page.limit + 1 },
  )
  return pageOf(rows, page.limit, readEntry, (row) => writeCursor(row['created_ms'] as number, row['id'] as string))
}

export async function countEntries(connection: Connection, list: ListName, filter: EntryFilter): Promise<number> {
  const [row] = await connection.rows(
    `SELECT count(*)::DOUBLE AS entries FROM entries WHERE ${entryCondition}`,
    entryParameters(list, filter),
  )
  return row?.['entries'] as number
}

export async function activeValues(
  connection: Connection,
  list: ListName,
  { activeAtMs, part, parts }: { readonly activeAtMs: number; readonly part: number; readonly parts: number },
): Promise<readonly ActiveValue[]> {
  const rows = await connection.rows(
    `SELECT kind, value, nullif(max(coalesce(expires_ms, 'infinity'::DOUBLE)), 'infinity'::DOUBLE) AS ends_ms
     FROM entries WHERE ${entryCondition} AND hash(value) % $parts::UBIGINT = $part::UBIGINT GROUP BY kind, value`,
    { ...entryParameters(list, { activeAtMs }), part, parts },
  )
  return rows.map((row) => ({
    kind: row['kind'] as ActiveValue['kind'],
    value: row['value'] as string,
    endsAtMs: row['ends_ms'] as number | null,
  }))
}

export async function entryGroups(
  connection: Connection,
  list: ListName,
  activeAtMs: number,
): Promise<readonly EntryGroup[]> {
  const rows = await connection.rows(
    `SELECT signal_id, kind, count(*)::DOUBLE AS entries, min(created_ms) AS first_ms, max(created_ms) AS last_ms,
       CASE WHEN bool_or(expires_ms IS NULL) THEN NULL ELSE max(expires_ms) END AS ends_ms
     FROM entries WHERE ${entryCondition} GROUP BY signal_id, kind ORDER BY last_ms DESC, signal_id, kind`,
    entryParameters(list, { activeAtMs }),
  )
  const groups = new Map<string | null, EntryGroup>()
  for (const row of rows) {
    const signalId = row['signal_id'] as string | null
    const [entries, firstMs, endsAtMs] = [row['entries'], row['first_ms'], row['ends_ms']] as [
      number,
      number,
      number | null,
    ]
    const kind = row['kind'] as ActiveValue['kind']
    const before = groups.get(signalId)
    groups.set(signalId, {
      signalId,
      count: (before?.count ?? 0) + entries,
      byKind: { ...before?.byKind, [kind]: entries },
      firstMs: Math.min(before?.firstMs ?? firstMs, firstMs),
      endsAtMs: endsAtMs === null || before?.endsAtMs === null ? null : Math.max(before?.endsAtMs ?? 0, endsAtMs),
    })
  }
  return [...groups.values()]
}
