const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** A count: 1,234. */
export function count(value: number): string {
  return whole.format(value)
}

/** A count where there is little room: 1.2K. */
export function shortCount(value: number): string {
  return value < 10_000 ? whole.format(value) : short.format(value)
}

/** A share of 0 to 1: 12 %. What is more than none is never shown as none. */
export function percent(share: number): string {
  const value = share * 100
  if (value > 0 && value < 0.1) return '< 0.1 %'
  return `${value < 10 && value % 1 !== 0 ? value.toFixed(1) : Math.round(value)} %`
}

/** `3 addresses`, `1 address`. */
export function many(value: number, one: string, several = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : several}`
}

/** A length of time in words: 12 s, 5 min, 3 h, 2 days. */
export function duration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`
  if (seconds < 36 * 3_600) return `${Math.round(seconds / 3_600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

/** A time before or after now: `5 min ago`, `in 3 h`. */
export function fromNow(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs
  if (Math.abs(ms) < 5_000) return 'now'
  return ms > 0 ? `${duration(ms)} ago` : `in ${duration(ms)}`
}

/** A day and time of a zone. */
export function moment(atMs: number, utc: boolean, style: 'full' | 'clock' | 'day' = 'full'): string {
  const options: Intl.DateTimeFormatOptions = {
    ...(style === 'clock' ? {} : { year: 'numeric', month: 'short', day: '2-digit' }),
    ...(style === 'day' ? {} : { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    ...(utc ? { timeZone: 'UTC' } : {}),
  }
  return `${new Intl.DateTimeFormat('en-GB', options).format(atMs)}${utc && style === 'full' ? ' UTC' : ''}`
}
