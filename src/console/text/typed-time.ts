/** A stretch of time as the API and the address bar have it: relative (`now-3h`), or ISO 8601. */
export interface TimeRange {
  readonly from: string
  readonly to: string
}

export const defaultRange: TimeRange = { from: 'now-24h', to: 'now' }

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const wordUnits: readonly (readonly [RegExp, string])[] = [
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
  [/^(w|weeks?)$/, 'w'],
]
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

export interface Calendar {
  readonly nowMs: number
  /** Whether typed times are UTC; else of the browser's zone. */
  readonly utc: boolean
}

/**
 * What somebody typed as a stretch of time: `3h`, `last 2 days`, `yesterday`, `yesterday 14:00`, `14:00 to 15:30`,
 * `nov 20 10:00 to nov 21`, two ISO times. One time alone means from then until now. undefined: not understood.
 */
export function parseTyped(typed: string, calendar: Calendar): TimeRange | undefined {
  const text = typed.trim().toLowerCase().replaceAll(/\s+/g, ' ')
  const relative = /^(?:last |past )?(\d{1,5}) ?([a-z]+)$/.exec(text)
  if (relative !== null) {
    const unit = unitOf(relative[2] ?? '')
    return unit === undefined ? undefined : { from: `now-${relative[1]}${unit}`, to: 'now' }
  }
  const parts = text.split(/ (?:to|until|–|-) /)
  if (parts.length > 2 || text === '') return undefined
  const first = momentOf(parts[0] ?? '', calendar)
  if (first === undefined) return undefined
  if (parts.length === 1) {
    const toMs = first.wholeDay ? Math.min(first.ms + 86_400_000, calendar.nowMs) : calendar.nowMs
    if (first.ms >= toMs) return undefined
    return { from: iso(first.ms), to: toMs === calendar.nowMs ? 'now' : iso(toMs) }
  }
  const last = momentOf(parts[1] ?? '', calendar, first.ms)
  if (last === undefined) return undefined
  const toMs = last.wholeDay ? last.ms + 86_400_000 : last.ms
  if (toMs <= first.ms) return undefined
  return { from: iso(first.ms), to: last.isNow ? 'now' : iso(toMs) }
}

interface Moment {
  readonly ms: number
  readonly wholeDay: boolean
  readonly isNow?: boolean
}

/** A moment, in words. A bare clock time is of the day of `dayOfMs`, today when absent, and before now. */
function momentOf(text: string, { nowMs, utc }: Calendar, dayOfMs?: number): Moment | undefined {
  if (text === 'now') return { ms: nowMs, wholeDay: false, isNow: true }
  const ago = /^(\d{1,5}) ?([a-z]+) ago$/.exec(text) ?? /^now-(\d{1,5})([smhdw])$/.exec(text)
  if (ago !== null) {
    const unit = unitOf(ago[2] ?? '')
    return unit === undefined ? undefined : { ms: nowMs - Number(ago[1]) * (unitMs[unit] ?? 0), wholeDay: false }
  }
  const [, dayText = '', hours, minutes, seconds] =
    /^(.*?)(?:(?:^|[ t])(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(z)?)?$/.exec(text) ?? []
  const isUtc = utc || text.endsWith('z')
  const day = dayOf(dayText, dayOfMs ?? nowMs, isUtc, nowMs)
  if (day === undefined || (dayText === '' && hours === undefined)) return undefined
  const clock = [Number(hours ?? 0), Number(minutes ?? 0), Number(seconds ?? 0)] as const
  if (clock[0] > 24 || clock[1] > 59 || clock[2] > 59) return undefined
  const [year, month, date] = day
  const ms = isUtc ? Date.UTC(year, month, date, ...clock) : new Date(year, month, date, ...clock).getTime()
  const isAhead = dayText === '' && dayOfMs === undefined && ms > nowMs
  return { ms: isAhead ? ms - 86_400_000 : ms, wholeDay: hours === undefined }
}

function dayOf(text: string, baseMs: number, utc: boolean, nowMs: number): [number, number, number] | undefined {
  const base = new Date(text === '' ? baseMs : nowMs)
  const today: [number, number, number] = utc
    ? [base.getUTCFullYear(), base.getUTCMonth(), base.getUTCDate()]
    : [base.getFullYear(), base.getMonth(), base.getDate()]
  if (text === '' || text === 'today') return today
  if (text === 'yesterday') return [today[0], today[1], today[2] - 1]
  const numeric = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (numeric !== null) return checked(Number(numeric[1]), Number(numeric[2]) - 1, Number(numeric[3]))
  const named =
    /^([a-z]{3})[a-z]* (\d{1,2})(?: (\d{4}))?$/.exec(text) ?? /^(\d{1,2}) ([a-z]{3})[a-z]*(?: (\d{4}))?$/.exec(text)
  if (named === null) return undefined
  const [name, date] = /^\d/.test(named[1] ?? '') ? [named[2], named[1]] : [named[1], named[2]]
  const month = months.indexOf(name ?? '')
  if (month < 0) return undefined
  // A day of the year that has not come yet is of the year before.
  const year = Number(
    named[3] ?? (month > today[1] || (month === today[1] && Number(date) > today[2]) ? today[0] - 1 : today[0]),
  )
  return checked(year, month, Number(date))
}

function checked(year: number, month: number, date: number): [number, number, number] | undefined {
  const day = new Date(Date.UTC(year, month, date))
  return day.getUTCMonth() === month && day.getUTCDate() === date ? [year, month, date] : undefined
}

function unitOf(word: string): string | undefined {
  return wordUnits.find(([pattern]) => pattern.test(word))?.[1]
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** A time of the API as milliseconds since 1970, `now-3h` too. */
export function timeOf(text: string, nowMs: number): number {
  const relative = /^now(?:-(\d+)([smhdw]))?$/.exec(text)
  if (relative === null) return Date.parse(text)
  return nowMs - Number(relative[1] ?? 0) * (unitMs[relative[2] ?? 's'] ?? 0)
}
