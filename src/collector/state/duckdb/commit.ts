import { fail } from '../../../model/error.ts'
import type { Changes, SignalFacts } from '../state.ts'
import type { Connection } from './connect.ts'
import { entryRow, readBody, signalRow } from './rows.ts'

/** Numbers the rows that are read in the order in which they were written. */
export interface Sequence {
  next(): number
}

/** Writes all changes in one transaction; on any error none of them. Throws STATE_FENCED for an earlier epoch. */
export async function writeChanges(connection: Connection, sequence: Sequence, changes: Changes): Promise<void> {
  await connection.rows('BEGIN')
  try {
    await checkEpoch(connection, changes.epoch)
    await writePositions(connection, changes.positions ?? {})
    await writeRules(connection, changes.rules ?? [])
    await writeSignals(connection, changes.signals ?? [])
    await replace(
      connection,
      'responses',
      (changes.responses ?? []).map((response) => [
        response.id,
        response.signalId,
        Date.parse(response.at),
        JSON.stringify(response),
      ]),
      (changes.responses ?? []).map(({ id }) => id),
    )
    await replace(
      connection,
      'entries',
      (changes.entries ?? []).map(entryRow),
      (changes.entries ?? []).map(({ entry }) => entry.id),
    )
    await writeDocuments(connection, changes.documents ?? [])
    if (changes.clusters !== undefined && changes.clusters.length > 0) {
      await connection.append(
        'clusters',
        changes.clusters.map((version) => [version.signalId, Date.parse(version.at), JSON.stringify(version)]),
      )
    }
    if (changes.timeline !== undefined && changes.timeline.length > 0) {
      await connection.append(
        'timeline',
        changes.timeline.map((entry) => [sequence.next(), entry.signalId, JSON.stringify(entry)]),
      )
    }
    if (changes.audit !== undefined && changes.audit.length > 0) {
      await connection.append(
        'audit',
        changes.audit.map((entry) => [sequence.next(), JSON.stringify(entry)]),
      )
    }
    await connection.rows('COMMIT')
  } catch (error) {
    // What failed may have ended the transaction, or the whole instance.
    await connection.rows('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function checkEpoch(connection: Connection, epoch: number | undefined): Promise<void> {
  if (epoch === undefined) return
  const [current] = await connection.rows(`SELECT value FROM meta WHERE name = 'epoch'`)
  if (current?.['value'] !== epoch) throw fail('STATE_FENCED')
}

async function writePositions(connection: Connection, positions: NonNullable<Changes['positions']>): Promise<void> {
  const names = Object.keys(positions)
  if (names.length === 0) return
  await connection.rows('DELETE FROM positions WHERE list_contains($names, name)', { names })
  await connection.append('positions', Object.entries(positions))
}

async function writeRules(connection: Connection, rules: NonNullable<Changes['rules']>): Promise<void> {
  for (const version of rules) {
    const key = { id: version.rule.id, version: version.rule.version }
    const present = await connection.rows('SELECT 1 AS one FROM rules WHERE id = $id AND version = $version', key)
    if (present.length > 0) {
      throw fail('REQUEST_INVALID', 'version', `${key.id} has a version ${key.version} already; read it again`)
    }
    await connection.rows('INSERT INTO rules VALUES ($id, $version, $body)', { ...key, body: JSON.stringify(version) })
  }
}

async function writeSignals(connection: Connection, changes: NonNullable<Changes['signals']>): Promise<void> {
  if (changes.length === 0) return
  const ids = changes.map((change) => ('open' in change ? change.open.id : change.update))
  const stored = await connection.rows('SELECT body FROM signals WHERE list_contains($ids, id)', { ids })
  const signals = new Map<string, SignalFacts>(
    stored.map((row) => {
      const signal = readBody(row) as SignalFacts
      return [signal.id, signal] as const
    }),
  )
  for (const change of changes) {
    if ('open' in change) {
      signals.set(change.open.id, change.open)
      continue
    }
    const before = signals.get(change.update)
    if (before === undefined) throw fail('NOT_FOUND', `signal ${change.update}`)
    signals.set(change.update, { ...before, ...change.set })
  }
  await replace(connection, 'signals', [...signals.values()].map(signalRow), ids)
}

async function writeDocuments(connection: Connection, changes: NonNullable<Changes['documents']>): Promise<void> {
  for (const change of changes) {
    const id = 'put' in change ? change.put.id : change.delete
    await connection.rows('DELETE FROM documents WHERE kind = $kind AND id = $id', { kind: change.kind, id })
    if ('put' in change) await connection.append('documents', [[change.kind, id, JSON.stringify(change.put)]])
  }
}

async function replace(
  connection: Connection,
  table: 'entries' | 'responses' | 'signals',
  rows: readonly (readonly (string | number | boolean | null)[])[],
  ids: readonly string[],
): Promise<void> {
  if (rows.length === 0) return
  await connection.rows(`DELETE FROM ${table} WHERE id IN (SELECT unnest($ids))`, { ids })
  await connection.append(table, rows)
}
