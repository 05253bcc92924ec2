import { fail } from '../../model/error.ts'
import type { TimeRange } from '../store/store.ts'

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/**
 * Reads one end of a time range: ISO 8601, milliseconds since 1970 (number or digits), or relative to now
 * (`now`, `now-15m`; units s m h d w). Throws REQUEST_INVALID naming `path`.
 */
export function parseTime(value: unknown, nowMs: number, path: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'string') {
    const relative = /^now(?:([+-])(\d{1,9})([smhdw]))?$/.exec(value)
    if (relative) {
      const [, sign, amount, unit] = relative
      return unit === undefined ? nowMs : nowMs + Number(`${sign}${amount}`) * (unitMs[unit] ?? 0)
    }
    if (/^\d{10,15}$/.test(value)) return Number(value)
    const parsed = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN
    if (Number.isFinite(parsed)) return parsed
  }
  throw fail('REQUEST_INVALID', path, 'not a time; use ISO 8601, milliseconds since 1970, or now-15m')
}

/** Reads `from` and `to`; the last 15 minutes when absent. Throws REQUEST_INVALID when `from` is not before `to`. */
export function parseRange(from: unknown, to: unknown, nowMs: number): TimeRange {
  const toMs = to === undefined ? nowMs + 1 : parseTime(to, nowMs, 'to')
  const fromMs = from === undefined ? toMs - 15 * 60_000 : parseTime(from, nowMs, 'from')
  if (fromMs >= toMs) throw fail('REQUEST_INVALID', 'from', 'must be before to')
  return { fromMs, toMs }
}

/** Reads an interval such as `10s` or `1m` into milliseconds. Throws REQUEST_INVALID. */
export function parseInterval(value: string, path: string): number {
  const found = /^(\d{1,6})(ms|s|m|h|d)$/.exec(value)
  const ms = found ? Number(found[1]) * (found[2] === 'ms' ? 1 : (unitMs[found[2] ?? ''] ?? 0)) : 0
  if (ms <= 0) throw fail('REQUEST_INVALID', path, 'not an interval; use 10s, 1m or 1h')
  return ms
}

/** The inverse of `parseInterval`, in the largest unit that fits. */
export function printInterval(ms: number): string {
  const unit = ['d', 'h', 'm', 's'].find((name) => ms % (unitMs[name] ?? 1) === 0)
  return unit === undefined ? `${ms}ms` : `${ms / (unitMs[unit] ?? 1)}${unit}`
}
