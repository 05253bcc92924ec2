import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import type { Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { SeverityBadge, StateBadge } from '../../design/badges.tsx'
import { Raw } from '../../design/raw.tsx'
import { View } from '../../design/view.tsx'
import type { PageProps } from '../../shell/pages.ts'

/** One attack: what happened, who is compromised, what the attackers share, what a block would hit; act and undo. */
export function SignalPage({ params }: PageProps): JSX.Element {
  const id = params['id'] ?? ''
  const signal = useData<Signal>({
    key: ['signals', 'one', id],
    load: (abort) => call('GET', `/api/signals/${encodeURIComponent(id)}`, undefined, abort),
  })
  return (
    <div class="page">
      <View data={signal}>
        {({ title, severity, state }) => (
          <div class="page-head">
            <h1>
              <Raw text={title} max={200} />
            </h1>
            <div class="row">
              <SeverityBadge severity={severity} />
              <StateBadge state={state} />
            </div>
          </div>
        )}
      </View>
    </div>
  )
}
