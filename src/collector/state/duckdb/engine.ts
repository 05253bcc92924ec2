import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fail } from '../../../model/error.ts'
import type { TimelineEntry } from '../../../model/signal.ts'
import { writeRefusal } from '../../write-refusal.ts'
import type {
  AuditEntry,
  ClusterVersion,
  DocumentKind,
  DocumentKinds,
  ResponseRecord,
  RuleVersion,
  SignalFacts,
  State,
} from '../state.ts'
import { writeChanges } from './commit.ts'
import type { Sequence } from './commit.ts'
import { connect } from './connect.ts'
import type { Connection } from './connect.ts'
import { eraseValues } from './erase.ts'
import { pageOf, readBody, readCursor, readEntry, writeCursor } from './rows.ts'
import { activeValues, countEntries, entryGroups, readEntries } from './read-entries.ts'
import { readSignals, withResponses } from './read-signals.ts'

/** State without its subscribers, who live in the thread that asks. */
export type Engine = Omit<State, 'subscribe'>

/** Opens the engine on its file, in this thread. One call runs at a time, in the order of the calls. */
export async function openEngine(file: string): Promise<Engine> {
  const connection = await connect(file)
  const sequence = await readSequence(connection)
  let last: Promise<unknown> = Promise.resolve()
  let closed = false

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = last.then(() => {
      if (closed) throw fail('STORE_FULL', 'the collector is stopping')
      return run().catch((error: unknown) => {
        throw writeRefusal(error)
      })
    })
    last = turn.catch(() => undefined)
    return turn
  }

  return {
    commit: (changes) => inTurn(() => writeChanges(connection, sequence, changes)),
    lead: () => inTurn(() => raiseEpoch(connection)),
    position: (name) =>
      inTurn(async () => {
        const [row] = await connection.rows('SELECT value FROM positions WHERE name = $name', { name })
        return row === undefined ? null : (row['value'] as number)
      }),
    rules: () => inTurn(() => readRules(connection)),
    ruleVersions: (id) =>
      inTurn(async () => {
        const rows = await connection.rows('SELECT body FROM rules WHERE id = $id ORDER BY version DESC', { id })
        return rows.map((row) => readBody(row) as RuleVersion)
      }),
    signals: (filter, page) => inTurn(() => readSignals(connection, filter, page)),
    signal: (id) =>
      inTurn(async () => {
        const rows = await connection.rows('SELECT body FROM signals WHERE id = $id', { id })
        const [signal] = await withResponses(
          connection,
          rows.map((row) => readBody(row) as SignalFacts),
        )
        return signal ?? null
      }),
    recentSignals: (sinceMs) =>
      inTurn(async () => {
        const rows = await connection.rows(
          'SELECT body FROM signals WHERE NOT closed OR last_seen_ms >= $sinceMs ORDER BY opened_ms',
          { sinceMs },
        )
        return rows.map((row) => readBody(row) as SignalFacts)
      }),
    responses: ({ signalId, sinceMs }) =>
      inTurn(async () => {
        const rows = await connection.rows(
          `SELECT body FROM responses WHERE ($signalId::VARCHAR IS NULL OR signal_id = $signalId) AND at_ms >= $sinceMs ORDER BY at_ms, id`,
          { signalId: signalId ?? null, sinceMs: sinceMs ?? 0 },
        )
        return rows.map((row) => readBody(row) as ResponseRecord)
      }),
    timeline: (signalId, page) =>
      inTurn(async () => {
        const [beyond, order, start] =
          page.newestFirst === true ? ['<', 'DESC', Number.MAX_SAFE_INTEGER] : ['>', 'ASC', 0]
        const from = page.cursor === undefined ? start : readCursor(page.cursor).key
        const rows = await connection.rows(
          `SELECT seq, body FROM timeline WHERE signal_id = $signalId AND seq ${beyond} $from ORDER BY seq ${order} LIMIT $limit`,
          { signalId, from, limit: page.limit + 1 },
        )
        return pageOf(
          rows,
          page.limit,
          (row) => readBody(row) as TimelineEntry,
          (row) => writeCursor(row['seq'] as number, ''),
        )
      }),
    clusters: (signalId, atMs) =>
      inTurn(async () => {
        const rows = await connection.rows(
          'SELECT body FROM clusters WHERE signal_id = $signalId AND at_ms <= $atMs ORDER BY at_ms DESC LIMIT 1',
          { signalId, atMs: atMs ?? Number.MAX_SAFE_INTEGER },
        )
        const [row] = rows
        return row === undefined ? null : (readBody(row) as ClusterVersion)
      }),
    clusterTimes: (signalId) =>
      inTurn(async () => {
        const rows = await connection.rows('SELECT at_ms FROM clusters WHERE signal_id = $signalId ORDER BY at_ms', {
          signalId,
        })
        return rows.map((row) => new Date(row['at_ms'] as number).toISOString())
      }),
    entries: (list, filter, page) => inTurn(() => readEntries(connection, list, filter, page)),
    entry: (list, id) =>
      inTurn(async () => {
        const [row] = await connection.rows('SELECT * FROM entries WHERE list = $list AND id = $id', { list, id })
        return row === undefined ? null : readEntry(row)
      }),
    activeValues: (list, slice) => inTurn(() => activeValues(connection, list, slice)),
    entryGroups: (list, activeAtMs) => inTurn(() => entryGroups(connection, list, activeAtMs)),
    countEntries: (list, filter) => inTurn(() => countEntries(connection, list, filter)),
    document: <K extends DocumentKind>(kind: K, id: string) =>
      inTurn(async () => {
        const [row] = await connection.rows('SELECT body FROM documents WHERE kind = $kind AND id = $id', { kind, id })
        return row === undefined ? null : (readBody(row) as DocumentKinds[K])
      }),
    documents: <K extends DocumentKind>(kind: K) =>
      inTurn(async () => {
        const rows = await connection.rows('SELECT body FROM documents WHERE kind = $kind ORDER BY id', { kind })
        return rows.map((row) => readBody(row) as DocumentKinds[K])
      }),
    audit: (page) =>
      inTurn(async () => {
        const before = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(page.cursor).key
        const rows = await connection.rows(
          'SELECT seq, body FROM audit WHERE seq < $before ORDER BY seq DESC LIMIT $limit',
          { before, limit: page.limit + 1 },
        )
        return pageOf(
          rows,
          page.limit,
          (row) => readBody(row) as AuditEntry,
          (row) => writeCursor(row['seq'] as number, ''),
        )
      }),
    eraseValues: (values) => inTurn(() => eraseValues(connection, values)),
    backup: (dir) =>
      inTurn(async () => {
        await connection.rows('CHECKPOINT')
        await copyFile(file, join(dir, basename(file)))
      }),
    checkpoint: () =>
      inTurn(async () => {
        await connection.rows('CHECKPOINT')
      }),
    close: () =>
      inTurn(async () => {
        closed = true
        connection.close()
      }),
  }
}

async function readSequence(connection: Connection): Promise<Sequence> {
  const [row] = await connection.rows(
    'SELECT greatest(coalesce((SELECT max(seq) FROM timeline), 0), coalesce((SELECT max(seq) FROM audit), 0)) AS last',
  )
  let last = row?.['last'] as number
  return { next: () => ++last }
}

async function raiseEpoch(connection: Connection): Promise<number> {
  await connection.rows(`UPDATE meta SET value = value + 1 WHERE name = 'epoch'`)
  const [row] = await connection.rows(`SELECT value FROM meta WHERE name = 'epoch'`)
  return row?.['value'] as number
}

async function readRules(connection: Connection): Promise<readonly RuleVersion[]> {
  const rows = await connection.rows(
    'SELECT body FROM rules QUALIFY row_number() OVER (PARTITION BY id ORDER BY version DESC) = 1 ORDER BY id',
  )
  return rows.map((row) => readBody(row) as RuleVersion).filter(({ deleted }) => !deleted)
}
