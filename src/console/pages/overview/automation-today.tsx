import type { JSX } from 'preact'
import { call, pathOf } from '../../api/call.ts'
import type { DenylistEntry, Page } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Entity } from '../../design/entity.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time, Until } from '../../design/time.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { rescindEntries } from '../../actions/lists.ts'
import { Button } from '../../design/button.tsx'
import { many } from '../../text/figures.ts'

const shown = 8
const read = 200
const automation = 'automation'

/** What was blocked without a person, and the way to take each back. */
export function AutomationToday(): JSX.Element {
  const entries = useData<Page<DenylistEntry> & { readonly total: number }>({
    key: ['denylist', 'automation'],
    load: (signal) => call('GET', pathOf('/api/denylist', { limit: read }), undefined, signal),
  })
  return (
    <Card title="What automation blocks" actions={<a href="/mitigations">Mitigations</a>} flush>
      <View
        data={entries}
        empty={({ items }) =>
          items.some(({ author }) => author === automation) ? (
            false
          ) : (
            <EmptyState icon="mitigations" title="Automation blocks nothing at the moment">
              <p>
                With <code>RESPONSE_AUTOMATION=on</code> the addresses of an attack are blocked as soon as it is named.
              </p>
            </EmptyState>
          )
        }
      >
        {({ items }) => {
          const own = items.filter(({ author }) => author === automation)
          return (
            <ul class="lines">
              {own.slice(0, shown).map((entry) => (
                <li key={entry.id}>
                  <span class="grow">
                    {entry.kind === 'ip' ? <Entity kind="ip" value={entry.value} /> : <Raw text={entry.value} />}
                  </span>
                  <span class="muted">
                    <Time at={entry.createdAt} />, ends <Until at={entry.expiresAt} />
                  </span>
                  <Button small needs="responder" onPress={() => rescindEntries('denylist', [entry])}>
                    Unblock
                  </Button>
                </li>
              ))}
              {own.length <= shown ? null : (
                <li>
                  <a href="/denylist">{many(own.length - shown, 'more entry', 'more entries')}</a>
                </li>
              )}
            </ul>
          )
        }}
      </View>
    </Card>
  )
}
