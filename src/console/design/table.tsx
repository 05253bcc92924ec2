import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { count } from '../text/figures.ts'
import { useSteadyRows } from './steady-rows.ts'
import { useWindow } from './use-window.ts'

export interface Column<Row> {
  readonly key: string
  readonly title: ComponentChildren
  readonly cell: (row: Row) => ComponentChildren
  /** In pixels; those without share what is left. */
  readonly width?: number
  readonly number?: boolean
  /** What is too long for one line takes two: names that differ only at their ends. */
  readonly folds?: boolean
  /** Left out where the table is narrower than this. */
  readonly fromPx?: number
}

/** A list that is read a page at a time. */
export interface Reading {
  /** Called when the last rows come into sight; undefined when there is no more, or no more is read. */
  readonly more: (() => void) | undefined
  /** Whether the next page is being read. */
  readonly isReading: boolean
  /** Why the last reading failed: then it is not tried again by itself. */
  readonly error: Error | null
  /** Whether there is more than is read. */
  readonly isCut: boolean
  /** Reads anew a list of which there is a newer state. */
  readonly renew: (() => Promise<unknown>) | undefined
}

export interface TableProps<Row> {
  /** What the table lists, for screen readers. */
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  /** Opens a row: by a click, by Enter on the current one. */
  readonly onOpen?: ((row: Row) => void) | undefined
  readonly selectedKey?: string | undefined
  /** How the list is read as it is looked at; without it, `rows` are all there are. */
  readonly reading?: Reading | undefined
  /** Height of the frame, as CSS; what is longer scrolls inside. */
  readonly height?: string
  /** Rows chosen by their boxes. */
  readonly chosen?: ReadonlySet<string>
  readonly onChoose?: (chosen: ReadonlySet<string>) => void
}

const rowPx = 36
/** So many rows before the end it is read on. */
const endRows = 30

/**
 * The one table: as many rows as there are, of which only those in sight are made. j and k move the current row,
 * Enter opens it. Rows keep their places while the pointer or the focus is on the table.
 */
export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const { label, keyOf, onOpen, selectedKey, reading, chosen, onChoose } = props
  const frame = useRef<HTMLDivElement>(null)
  const [isPointedAt, setPointedAt] = useState(false)
  const [hasFocus, setFocus] = useState(false)
  const [isRenewing, setRenewing] = useState(false)
  const { rows, waiting, release } = useSteadyRows(props.rows, keyOf, (isPointedAt || hasFocus) && !isRenewing)
  const { start, end, widthPx, scrollTo } = useWindow(frame, rows.length, rowPx)
  const columns = props.columns.filter(({ fromPx = 0 }) => widthPx === 0 || widthPx >= fromPx)
  const [current, setCurrent] = useState(-1)
  const isChoosing = chosen !== undefined && onChoose !== undefined

  useEffect(() => {
    if (end >= rows.length - endRows && rows.length > 0 && !isRenewing && reading?.error === null) reading.more?.()
  }, [end, rows.length, reading?.isReading])

  const focusRow = (index: number): void => {
    if (index < 0 || index >= rows.length) return
    setCurrent(index)
    scrollTo(index)
    const row = frame.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)
    if (row !== null && row !== undefined) row.focus()
    else requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus())
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).matches('input,select,textarea'))
      return
    const move: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }
    const step = move[event.key]
    if (step !== undefined) {
      event.preventDefault()
      event.stopPropagation()
      focusRow(Math.max(0, Math.min(rows.length - 1, current + step)))
    } else if (event.key === 'Enter' && (event.target as Element).matches('tr')) {
      const row = rows[current]
      if (row !== undefined) onOpen?.(row)
    }
  }
  const renew = async (): Promise<void> => {
    setRenewing(true)
    frame.current?.scrollTo({ top: 0 })
    await reading?.renew?.()
    setRenewing(false)
  }
  const choose = (key: string, isOn: boolean): void => {
    const next = new Set(chosen)
    if (isOn) next.add(key)
    else next.delete(key)
    onChoose?.(next)
  }
  const shown = rows.slice(start, end)
  const spacer = (count: number): JSX.Element | null =>
    count <= 0 ? null : (
      <tr class="spacer" aria-hidden="true">
        <td colSpan={columns.length + (isChoosing ? 1 : 0)} style={{ height: `${count * rowPx}px` }} />
      </tr>
    )
  return (
    <div
      class="table-frame"
      ref={frame}
      // A region that scrolls has to be reachable by keyboard.
      tabIndex={0}
      role="group"
      aria-label={label}
      style={{ '--table-height': props.height ?? '70vh' }}
      onKeyDown={onKey}
      onPointerEnter={() => setPointedAt(true)}
      onPointerLeave={() => setPointedAt(false)}
      onFocusIn={() => setFocus(true)}
      onFocusOut={() => setFocus(false)}
    >
      {waiting === 0 && reading?.renew === undefined ? null : (
        <div class="pill">
          <Button small look="primary" onPress={reading?.renew === undefined ? release : renew}>
            {reading?.renew === undefined ? `${waiting} new` : 'Show the newest'}
          </Button>
        </div>
      )}
      <table class="table" aria-label={label} aria-rowcount={rows.length + 1} data-table>
        <colgroup>
          {isChoosing ? <col style={{ width: '40px' }} /> : null}
          {columns.map(({ key, width }) => (
            <col key={key} style={width === undefined ? {} : { width: `${width}px` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {isChoosing ? (
              <th class="check" scope="col">
                <input
                  type="checkbox"
                  aria-label="All"
                  checked={rows.length > 0 && chosen.size >= rows.length}
                  onChange={(event) =>
                    onChoose(event.currentTarget.checked ? new Set(rows.map((row) => keyOf(row))) : new Set())
                  }
                />
              </th>
            ) : null}
            {columns.map(({ key, title, number }) => (
              <th key={key} scope="col" class={number === true ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {spacer(start)}
          {shown.map((row, offset) => {
            const index = start + offset
            const key = keyOf(row)
            return (
              <tr
                key={key}
                class={onOpen === undefined ? 'line' : 'line open'}
                data-index={index}
                aria-rowindex={index + 2}
                aria-selected={selectedKey === undefined ? undefined : key === selectedKey}
                tabIndex={index === Math.max(0, current) ? 0 : -1}
                onFocus={() => setCurrent(index)}
                onClick={(event) => {
                  const isOwn = (event.target as Element).closest('a,button,input,label') === null
                  if (isOwn && getSelection()?.isCollapsed !== false) onOpen?.(row)
                }}
              >
                {isChoosing ? (
                  <td class="check">
                    <input
                      type="checkbox"
                      aria-label="Choose"
                      checked={chosen.has(key)}
                      onChange={(event) => choose(key, event.currentTarget.checked)}
                    />
                  </td>
                ) : null}
                {columns.map(({ key: name, number, folds, cell }) => (
                  <td key={name} class={number === true ? 'number' : undefined}>
                    {folds === true ? <div class="folds">{cell(row)}</div> : cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
          {spacer(rows.length - end)}
        </tbody>
      </table>
      {reading?.isCut === true ? (
        <p class="cut muted">These are the first {count(rows.length)}. Narrow the list down, or export all of it.</p>
      ) : null}
    </div>
  )
}
