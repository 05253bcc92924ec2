import type { JSX } from 'preact'
import { call, pathOf } from '../../api/call.ts'
import type { Page, Series } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'
import { View } from '../../design/view.tsx'
import { many } from '../../text/figures.ts'
import { changeSettings } from './change-settings.ts'

interface InForce {
  readonly entries: number
  readonly rules: number
  /** Requests that were stopped in the last hour. */
  readonly stopped: number
}

/** Says what stops holding before all blocking is switched off. */
export function StopBlockingDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const inForce = useData<InForce>({
    key: ['mitigations', 'in-force'],
    load: async (signal) => {
      const [entries, rules, stopped] = await Promise.all([
        call<{ total: number }>('GET', pathOf('/api/denylist', { limit: 1 }), undefined, signal),
        call<Page<{ mode: string; inForce: boolean }>>('GET', '/api/waf-rules', undefined, signal),
        call<Series>(
          'POST',
          '/api/spans/timeseries',
          { query: '@appsec.blocked:true', from: 'now-1h', to: 'now', interval: '1h' },
          signal,
        ),
      ])
      return {
        entries: entries.total,
        rules: rules.items.filter(({ mode, inForce: holds }) => mode === 'blocking' && holds).length,
        stopped: (stopped.series[0]?.points ?? []).reduce((sum, [, value]) => sum + value, 0),
      }
    },
  })
  return (
    <Dialog
      title="Stop all blocking"
      onClose={onClose}
      action={{
        says: 'Stop all blocking',
        look: 'danger',
        run: () => changeSettings({ blocking: false }, 'All blocking is off.', { blocking: true }),
      }}
    >
      <View data={inForce}>
        {({ entries, rules, stopped }) => (
          <Note kind={stopped === 0 ? 'info' : 'warn'}>
            {many(entries, 'entry', 'entries')} of the denylist and {many(rules, 'blocking rule')} stop holding at once,
            in every service. <b>{many(stopped, 'request')}</b> {stopped === 1 ? 'was' : 'were'} stopped in the last
            hour
            {stopped === 0 ? '.' : '; their like will get through.'}
          </Note>
        )}
      </View>
      <p>
        Tracers take it over within about a second. Nothing is removed: entries and rules hold again once blocking is
        switched on, for as long as their ends say.
      </p>
    </Dialog>
  )
}
