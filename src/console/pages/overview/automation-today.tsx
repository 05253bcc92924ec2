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
import { setRuleMode } from '../signals/cluster-rule.tsx'
import type { WafRule } from '../waf-rules/waf-shapes.ts'

const shown = 8
const read = 200
const automation = 'automation'

interface Automated {
  readonly entries: readonly DenylistEntry[]
  readonly rules: readonly WafRule[]
}

/** What was blocked without a person, and the way to take each back. */
export function AutomationToday(): JSX.Element {
  const blocks = useData<Automated>({
    key: ['mitigations', 'automation'],
    load: async (signal) => {
      const [entries, rules] = await Promise.all([
        call<Page<DenylistEntry>>('GET', pathOf('/api/denylist', { limit: read }), undefined, signal),
        call<Page<WafRule>>('GET', '/api/waf-rules', undefined, signal),
      ])
      return {
        entries: entries.items.filter(({ author }) => author === automation),
        rules: rules.items.filter(
          ({ origin, inForce, mode }) => origin.by === automation && inForce && mode === 'blocking',
        ),
      }
    },
  })
  return (
    <Card title="What automation blocks" actions={<a href="/mitigations">Mitigations</a>} flush>
      <View
        data={blocks}
        empty={({ entries, rules }) =>
          entries.length + rules.length > 0 ? (
            false
          ) : (
            <EmptyState icon="mitigations" title="Automation blocks nothing at the moment">
              <p>
                Where it is <a href="/settings">switched on</a>, an attack is blocked as soon as it is named.
              </p>
            </EmptyState>
          )
        }
      >
        {({ entries, rules }) => (
          <ul class="lines">
            {rules.map(({ id, name, createdAt, endsAt }) => (
              <li key={id}>
                <a class="grow" href={`/waf/${encodeURIComponent(id)}`}>
                  <Raw text={name} max={120} />
                </a>
                <span class="muted">
                  <Time at={createdAt} />, ends <Until at={endsAt} />
                </span>
                <Button small needs="responder" onPress={() => setRuleMode(id, 'monitoring', 'blocking')}>
                  Only watch
                </Button>
              </li>
            ))}
            {entries.slice(0, shown).map((entry) => (
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
            {entries.length <= shown ? null : (
              <li>
                <a href="/denylist">{many(entries.length - shown, 'more entry', 'more entries')}</a>
              </li>
            )}
          </ul>
        )}
      </View>
    </Card>
  )
}
