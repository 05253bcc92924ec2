import type { Connection } from './connect.ts'

/** What stands in place of what was erased. */
const erasedText = '[erased]'
/** Tables whose rows tell of people in a JSON body. */
const tables = ['signals', 'responses', 'timeline', 'clusters', 'audit'] as const

/**
 * Erases values, such as a login, from everything that is told of them: entries of lists go, and in signals, responses,
 * timelines, clusters and the audit the values are blotted out where they stand as a word of their own. Returns how many
 * rows of lists and of signals had them.
 */
export async function eraseValues(
  connection: Connection,
  values: readonly string[],
): Promise<{ readonly entries: number; readonly signals: number }> {
  const wanted = values.filter((value) => value !== '')
  const counts = { entries: 0, signals: 0 }
  await connection.rows('BEGIN')
  try {
    const present = await connection.rows(
      `SELECT count(*) AS found FROM entries WHERE kind IN ('user', 'login') AND list_contains($wanted, value)`,
      { wanted },
    )
    counts.entries = Number(present[0]?.['found'] ?? 0)
    await connection.rows(`DELETE FROM entries WHERE kind IN ('user', 'login') AND list_contains($wanted, value)`, {
      wanted,
    })
    for (const table of tables) {
      for (const value of wanted) {
        const changed = await blot(connection, table, value)
        if (table === 'signals') counts.signals += changed
      }
    }
    await connection.rows('COMMIT')
  } catch (error) {
    await connection.rows('ROLLBACK')
    throw error
  }
  // The log of recent commits has it too.
  await connection.rows('CHECKPOINT')
  return counts
}

async function blot(connection: Connection, table: (typeof tables)[number], value: string): Promise<number> {
  const asJson = JSON.stringify(value).slice(1, -1)
  const rows = await connection.rows(`SELECT rowid AS at, body FROM ${table} WHERE contains(body, $asJson)`, { asJson })
  const pattern = wordPattern(value)
  let changed = 0
  for (const row of rows) {
    const before = row['body'] as string
    const body = JSON.stringify(blotted(JSON.parse(before), pattern))
    if (body === before) continue
    changed++
    await connection.rows(`UPDATE ${table} SET body = $body WHERE rowid = $at::BIGINT`, { body, at: Number(row['at']) })
  }
  return changed
}

/** The value where no letter, digit or part of an address adjoins it: "ann" is not part of "joann" or "ann@example.com". */
function wordPattern(value: string): RegExp {
  const literal = value.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)
  return new RegExp(`(?<![\\p{L}\\p{N}_@.+\\-])${literal}(?![\\p{L}\\p{N}_@+\\-]|\\.[\\p{L}\\p{N}])`, 'gu')
}

function blotted(value: unknown, pattern: RegExp): unknown {
  if (typeof value === 'string') return value.replaceAll(pattern, erasedText)
  if (Array.isArray(value)) return value.map((item) => blotted(item, pattern))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [
    key.replaceAll(pattern, erasedText),
    blotted(item, pattern),
  ])
  return Object.fromEntries(entries)
}
