import { fail } from '../../model/error.ts'
import type { ThreatIntelEntry } from './threat-intel.ts'

const columns = ['ip_address', 'additional_data', 'category', 'intention', 'source'] as const
const MAX_ROWS = 2_000_000

/**
 * Reads a threat-intel list as CSV (RFC 4180) with a header of `ip_address,additional_data,category,intention,source`;
 * `source` is a name, or JSON with one. Throws REQUEST_INVALID, with the row.
 */
export function* parseThreatIntelCsv(text: string): Generator<ThreatIntelEntry> {
  let positions: readonly number[] | undefined
  let row = 0
  for (const cells of csvRows(text)) {
    row++
    if (cells.length === 1 && cells[0]?.trim() === '') continue
    if (positions === undefined) {
      const header = cells.map((cell) => cell.trim().toLowerCase())
      positions = columns.map((column) => header.indexOf(column))
      if (positions[0] === -1) throw fail('REQUEST_INVALID', 'row 1', `must name the columns ${columns.join(', ')}`)
      continue
    }
    if (row > MAX_ROWS) throw fail('REQUEST_INVALID', `row ${row}`, `a list has at most ${MAX_ROWS} rows`)
    const cell = (index: number): string => cells[positions?.[index] ?? -1]?.trim() ?? ''
    if (cell(0) === '') throw fail('REQUEST_INVALID', `row ${row}`, 'has no ip_address')
    yield { network: cell(0), category: cell(2), intention: cell(3), source: sourceName(cell(4)) }
  }
}

function sourceName(text: string): string {
  if (!text.startsWith('{')) return text
  try {
    const { name } = JSON.parse(text) as { name?: unknown }
    return typeof name === 'string' ? name : ''
  } catch {
    return text
  }
}

function* csvRows(text: string): Generator<string[]> {
  let cells: string[] = []
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; at < text.length; at++) {
        if (text[at] !== '"') cell += text[at]
        else if (text[at + 1] === '"') cell += text[at++]
        else break
      }
      at++
    }
    const start = at
    while (at < text.length && text[at] !== ',' && text[at] !== '\n' && text[at] !== '\r') at++
    cells.push(cell + text.slice(start, at))
    if (text[at] === ',') {
      at++
      if (at < text.length) continue
      cells.push('')
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    at++
    yield cells
    cells = []
  }
}
