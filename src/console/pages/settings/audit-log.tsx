import type { JSX } from 'preact'
import { pathOf } from '../../api/call.ts'
import { usePages } from '../../api/use-pages.ts'
import { Panel } from '../../design/panel.tsx'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { parameter, setParameters } from '../../shell/address.ts'
import { changesOf } from './changes.ts'
import type { AuditEntry } from './settings-shapes.ts'

const columns: readonly Column<AuditEntry>[] = [
  { key: 'at', title: 'When', width: 104, cell: ({ at }) => <Time at={at} /> },
  { key: 'by', title: 'Who', cell: ({ by }) => <Raw text={by} max={40} /> },
  { key: 'action', title: 'What', cell: ({ action }) => <span class="mono">{action}</span> },
  { key: 'subject', title: 'Of', fromPx: 520, cell: ({ subject }) => <Raw text={subject} max={80} /> },
]

function keyOf({ at, action, subject }: AuditEntry): string {
  return `${at} ${action} ${subject}`
}

/** Every change: who, when, before and after; newest first. */
export function AuditLog(): JSX.Element {
  const entries = usePages<AuditEntry>({ key: ['audit'], path: '/api/audit' })
  const chosen = parameter('entry')
  const entry = chosen === '' ? undefined : entries.data?.find((one) => keyOf(one) === chosen)
  return (
    <>
      <Card
        title="Every change, newest first"
        actions={
          <a class="button small" href={pathOf('/api/audit', { format: 'csv' })} download>
            CSV
          </a>
        }
        flush
      >
        <View
          data={entries}
          empty={(found) => (found.length > 0 ? false : <EmptyState icon="clock" title="Nothing was changed yet" />)}
        >
          {(found) => (
            <Table
              label="Audit log"
              rows={found}
              columns={columns}
              keyOf={keyOf}
              reading={entries}
              onOpen={(one) => setParameters({ entry: keyOf(one) })}
              selectedKey={chosen}
              height="calc(100dvh - 250px)"
            />
          )}
        </View>
      </Card>
      {entry === undefined ? null : (
        <Panel
          key={chosen}
          title={<span class="mono">{entry.action}</span>}
          onClose={() => setParameters({ entry: undefined })}
        >
          <Change entry={entry} />
        </Panel>
      )}
    </>
  )
}

function Change({ entry }: { readonly entry: AuditEntry }): JSX.Element {
  const { at, by, subject, before, after } = entry
  const changes = changesOf(before, after)
  return (
    <>
      <section>
        <dl class="facts">
          <dt>Who</dt>
          <dd>
            <Raw text={by} />
          </dd>
          <dt>When</dt>
          <dd>
            <Time at={at} exact />
          </dd>
          <dt>Of</dt>
          <dd>
            <Raw text={subject} max={300} />
          </dd>
        </dl>
      </section>
      <section>
        <h3>
          {changes.length === 0
            ? 'No more is kept of it'
            : before === null
              ? 'Was made'
              : after === null
                ? 'Was removed'
                : 'What changed'}
        </h3>
        <dl>
          {changes.map(({ name, was, is }) => (
            <div key={name} class="change">
              {name === '' ? null : (
                <dt>
                  <Raw text={name} />
                </dt>
              )}
              {was === undefined ? null : (
                <dd>
                  <span class="muted">before</span> <Json text={was} />
                </dd>
              )}
              {is === undefined ? null : (
                <dd>
                  <span class="muted">after</span> <Json text={is} />
                </dd>
              )}
            </div>
          ))}
        </dl>
      </section>
    </>
  )
}

function Json({ text }: { readonly text: string }): JSX.Element {
  return (
    <span class="mono">
      <Raw text={text} max={400} />
    </span>
  )
}
