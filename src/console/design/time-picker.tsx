import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { parameter, setParameters } from '../shell/address.ts'
import { utc } from '../shell/preferences.ts'
import { duration, moment } from '../text/figures.ts'
import { defaultRange, parseTyped, timeOf, type TimeRange } from '../text/typed-time.ts'
import { Menu } from './menu.tsx'
import { now } from './time.tsx'

const presets = [
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['4h', 'Last 4 hours'],
  ['24h', 'Last 24 hours'],
  ['2d', 'Last 2 days'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
] as const

/** The stretch of time that the page's address names. */
export function chosenRange(fallback: TimeRange = defaultRange): TimeRange {
  const from = parameter('from')
  return from === '' ? fallback : { from, to: parameter('to') || 'now' }
}

export function setRange({ from, to }: TimeRange): void {
  setParameters({ from, to: to === 'now' ? undefined : to })
}

/** A stretch of time in words. */
function rangeWords({ from, to }: TimeRange, inUtc: boolean): string {
  const preset = presets.find(([text]) => from === `now-${text}` && to === 'now')
  if (preset !== undefined) return preset[1]
  const relative = /^now-(.*)$/.exec(from)
  if (relative !== null && to === 'now') return `Last ${relative[1]}`
  const fromMs = timeOf(from, Date.now())
  const toMs = timeOf(to, Date.now())
  if (to === 'now') return `Since ${moment(fromMs, inUtc)}`
  return `${moment(fromMs, inUtc)}, ${duration(toMs - fromMs)}`
}

/** The one time picker: typed time, presets, UTC. The address of the page has what was chosen. */
export function TimePicker({ fallback = defaultRange }: { readonly fallback?: TimeRange }): JSX.Element {
  const range = chosenRange(fallback)
  return (
    <span data-key="t">
      <Menu label="Time range" icon="clock" says={rangeWords(range, utc.value)}>
        {(close) => <Choices onChoose={(chosen) => (setRange(chosen), close())} range={range} />}
      </Menu>
    </span>
  )
}

function Choices({
  onChoose,
  range,
}: {
  readonly onChoose: (range: TimeRange) => void
  readonly range: TimeRange
}): JSX.Element {
  const [typed, setTyped] = useState('')
  const meant = typed.trim() === '' ? undefined : parseTyped(typed, { nowMs: Date.now(), utc: utc.value })
  const isWrong = typed.trim() !== '' && meant === undefined
  void now.value
  return (
    <form
      class="menu"
      onSubmit={(event) => {
        event.preventDefault()
        if (meant !== undefined) onChoose(meant)
      }}
    >
      <div class="field" style={{ padding: '4px 8px 8px' }}>
        <input
          class="input"
          type="text"
          aria-label="Type a time"
          aria-invalid={isWrong}
          placeholder="3h, yesterday 14:00 …"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <span class={isWrong ? 'wrong' : 'hint'}>
          {isWrong
            ? 'Try 3h, yesterday, 14:00 to 15:30, nov 20 09:00 to nov 21'
            : meant === undefined
              ? rangeWords(range, utc.value)
              : `${rangeWords(meant, utc.value)} (Enter)`}
        </span>
      </div>
      {presets.map(([text, says]) => (
        <button key={text} type="button" onClick={() => onChoose({ from: `now-${text}`, to: 'now' })}>
          {says}
        </button>
      ))}
      <label class="choice" style={{ padding: '8px 10px' }}>
        <input type="checkbox" checked={utc.value} onChange={(event) => (utc.value = event.currentTarget.checked)} />
        Times in UTC
      </label>
    </form>
  )
}
