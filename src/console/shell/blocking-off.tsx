import type { JSX } from 'preact'
import { call } from '../api/call.ts'
import type { Settings } from '../api/shapes.ts'
import { useData } from '../api/use-data.ts'

const readAgainMs = 30_000

/** Says on every page that the kill switch is thrown: whoever blocks then has to know that nothing is stopped. */
export function BlockingOff(): JSX.Element | null {
  const { data } = useData<Settings>({
    key: ['settings'],
    load: (signal) => call('GET', '/api/settings', undefined, signal),
    everyMs: readAgainMs,
  })
  if (data === undefined || data.blocking) return null
  return (
    <div class="offline" role="alert">
      All blocking is switched off: no request is stopped in any service.
      <a href="/settings">Settings</a>
    </div>
  )
}
