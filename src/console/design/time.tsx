import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { utc } from '../shell/preferences.ts'
import { fromNow, moment } from '../text/figures.ts'

/** The clock that ages are counted by. */
export const now = signal(Date.now())
const tickMs = 10_000
setInterval(() => (now.value = Date.now()), tickMs)

/** A time as its distance from now, with the full time on pointing at it; `exact`: the other way round. */
export function Time({ at, exact = false }: { readonly at: string; readonly exact?: boolean }): JSX.Element {
  const ms = Date.parse(at)
  const full = moment(ms, utc.value)
  const away = fromNow(ms, now.value)
  return (
    <time dateTime={at} title={exact ? away : full}>
      {exact ? full : away}
    </time>
  )
}

/** The end of something; null: none. */
export function Until({ at }: { readonly at: string | null }): JSX.Element {
  return at === null ? <span class="badge warn">no end</span> : <Time at={at} />
}
