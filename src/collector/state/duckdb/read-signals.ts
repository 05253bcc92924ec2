import type { Signal, SignalResponse } from '../../../model/signal.ts'
import type { Page, PageRequest, ResponseRecord, SignalFacts, SignalFilter } from '../state.ts'
import type { Connection } from './connect.ts'
import { pageOf, readBody, readCursor, writeCursor } from './rows.ts'

export async function readSignals(
  connection: Connection,
  filter: SignalFilter,
  page: PageRequest,
): Promise<Page<Signal>> {
  const from = page.cursor === undefined ? { key: Number.MAX_SAFE_INTEGER, id: '' } : readCursor(page.cursor)
  const rows = await connection.rows(
    `SELECT id, opened_ms, body FROM signals
     WHERE (opened_ms < $key OR (opened_ms = $key AND id < $id))
       AND (len($states) = 0 OR list_contains($states, state))
       AND (len($severities) = 0 OR list_contains($severities, severity))
       AND ($ruleId::VARCHAR IS NULL OR rule_id = $ruleId)
       AND ($service::VARCHAR IS NULL OR service = $service)
       AND last_seen_ms >= $fromMs AND opened_ms < $toMs
     ORDER BY opened_ms DESC, id DESC LIMIT $limit`,
    {
      ...from,
      states: filter.states ?? [],
      severities: filter.severities ?? [],
      ruleId: filter.ruleId ?? null,
      service: filter.service ?? null,
      fromMs: filter.fromMs ?? 0,
      toMs: filter.toMs ?? Number.MAX_SAFE_INTEGER,
      limit: page.limit + 1,
    },
  )
  const found = pageOf(
    rows,
    page.limit,
    (row) => readBody(row) as SignalFacts,
    (row) => writeCursor(row['opened_ms'] as number, row['id'] as string),
  )
  return { items: await withResponses(connection, found.items), next: found.next }
}

/** Joins signals with their responses, which are kept apart so that a long campaign does not rewrite them all. */
export async function withResponses(
  connection: Connection,
  signals: readonly SignalFacts[],
): Promise<readonly Signal[]> {
  if (signals.length === 0) return []
  const rows = await connection.rows(
    'SELECT body FROM responses WHERE list_contains($ids, signal_id) ORDER BY at_ms, id',
    { ids: signals.map(({ id }) => id) },
  )
  const bySignal = new Map<string, SignalResponse[]>(signals.map(({ id }) => [id, []]))
  for (const row of rows) {
    const { id, kind, value, by, at, until, undoneAt, signalId } = readBody(row) as ResponseRecord
    bySignal.get(signalId)?.push({ id, kind, value, by, at, until, undoneAt })
  }
  return signals.map((signal) => ({ ...signal, responses: bySignal.get(signal.id) ?? [] }))
}
