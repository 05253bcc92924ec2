import type { JSX } from 'preact'
import type { DetectionRule } from '../../../model/detection-rule.ts'
import { call } from '../../api/call.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { SeverityBadge } from '../../design/badges.tsx'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { toast } from '../../design/toast.tsx'
import { View } from '../../design/view.tsx'
import { go } from '../../shell/address.ts'
import { duration } from '../../text/figures.ts'

const columns: readonly Column<DetectionRule>[] = [
  {
    key: 'name',
    title: 'Rule',
    folds: true,
    cell: ({ id, name }) => (
      <a href={`/detection-rules/${encodeURIComponent(id)}`}>
        <Raw text={name} max={100} />
      </a>
    ),
  },
  {
    key: 'severity',
    title: 'Up to',
    width: 110,
    fromPx: 420,
    cell: ({ cases }) => (cases[0] === undefined ? '–' : <SeverityBadge severity={cases[0].severity} />),
  },
  { key: 'method', title: 'Method', width: 130, fromPx: 640, cell: ({ method }) => method.replaceAll('_', ' ') },
  {
    key: 'window',
    title: 'Window',
    width: 90,
    fromPx: 760,
    cell: ({ windowSeconds }) => duration(windowSeconds * 1_000),
  },
  {
    key: 'group',
    title: 'By',
    width: 220,
    fromPx: 900,
    cell: ({ groupBy }) => <Raw text={groupBy.join(', ')} max={60} />,
  },
  {
    key: 'quiet',
    title: 'Exceptions',
    width: 96,
    number: true,
    fromPx: 760,
    cell: ({ suppress = [] }) => suppress.length,
  },
  {
    key: 'enabled',
    title: 'State',
    width: 100,
    cell: (rule) => (
      <Button small needs="admin" pressed={rule.enabled} onPress={() => toggle(rule)}>
        {rule.enabled ? 'On' : 'Off'}
      </Button>
    ),
  },
]

/** What is looked for: the rules that ship, and your own. */
export function DetectionRulesPage(): JSX.Element {
  const rules = useData<Page<DetectionRule>>({
    key: ['detection-rules', 'list'],
    load: (signal) => call('GET', '/api/detection-rules', undefined, signal),
  })
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Detection rules</h1>
          <p class="muted">Each is a query, a window and a condition: what crosses it becomes a signal.</p>
        </div>
        <Button needs="admin" look="primary" icon="plus" onPress={() => go('/detection-rules/new')}>
          New rule
        </Button>
      </div>
      <section class="card">
        <View data={rules}>
          {({ items }) => (
            <Table
              label="Detection rules"
              rows={items}
              columns={columns}
              keyOf={({ id }) => id}
              onOpen={({ id }) => go(`/detection-rules/${encodeURIComponent(id)}`)}
              height="calc(100dvh - 190px)"
            />
          )}
        </View>
      </section>
    </div>
  )
}

async function toggle(rule: DetectionRule): Promise<void> {
  const { version: _version, ...others } = rule
  const set = async (enabled: boolean): Promise<void> => {
    await call('PUT', `/api/detection-rules/${encodeURIComponent(rule.id)}`, { ...others, enabled })
    await refresh('detection-rules')
  }
  await set(!rule.enabled)
  toast(`${rule.name} is switched ${rule.enabled ? 'off' : 'on'}.`, () => set(rule.enabled))
}
