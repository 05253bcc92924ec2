import { useRef, useState } from 'preact/hooks'

/**
 * Rows that do not jump: while `isHeld`, those shown keep their places with their new values, and new ones wait.
 * `waiting` counts them; `release` lets them in.
 */
export function useSteadyRows<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  isHeld: boolean,
): { readonly rows: readonly Row[]; readonly waiting: number; readonly release: () => void } {
  /** What was shown last, and of which rows. */
  const last = useRef<{ readonly of: readonly Row[]; readonly shown: readonly Row[] }>({ of: rows, shown: rows })
  const [, redraw] = useState(0)
  const release = (): void => {
    last.current = { of: rows, shown: rows }
    redraw((count) => count + 1)
  }
  // Rows are let in where they only come after those shown, as on reading on.
  if (!isHeld) last.current = { of: rows, shown: rows }
  else if (last.current.of !== rows) last.current = { of: rows, shown: steady(last.current.shown, rows, keyOf) }
  const { shown } = last.current
  return { rows: shown, waiting: rows.length - shown.length, release }
}

/** The new rows in the order of the shown ones; those at the front that were not shown are left out. */
export function steady<Row>(shown: readonly Row[], rows: readonly Row[], keyOf: (row: Row) => string): readonly Row[] {
  const known = new Map(shown.map((row, index) => [keyOf(row), index]))
  if (!rows.some((row) => known.has(keyOf(row)))) return rows
  const lastKnown = rows.findLastIndex((row) => known.has(keyOf(row)))
  const kept = rows.filter((row) => known.has(keyOf(row)))
  kept.sort((a, b) => (known.get(keyOf(a)) ?? 0) - (known.get(keyOf(b)) ?? 0))
  return [...kept, ...rows.slice(lastKnown + 1)]
}
