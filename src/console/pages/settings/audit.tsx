import type { JSX } from 'preact'
import { usePages } from '../../api/use-pages.ts'
import { Raw } from '../../design/raw.tsx'
import { Table, type Column } from '../../design/table.tsx'
import { Time } from '../../design/time.tsx'
import { Card, View } from '../../design/view.tsx'

interface AuditEntry {
  readonly at: string
  readonly by: string
  readonly action: string
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
}

const maxShown = 300

const columns: readonly Column<AuditEntry>[] = [
  { key: 'at', title: 'When', width: 110, cell: ({ at }) => <Time at={at} /> },
  { key: 'by', title: 'Who', width: 150, cell: ({ by }) => <Raw text={by} max={40} /> },
  { key: 'action', title: 'What', width: 180, fromPx: 480, cell: ({ action }) => action },
  { key: 'subject', title: 'Of', cell: ({ subject }) => <Raw text={subject} max={80} /> },
  { key: 'after', title: 'Then', fromPx: 860, cell: ({ after }) => <Raw text={textOf(after)} max={160} /> },
]

/** Every change: who, when, what it was and became. */
export function Audit(): JSX.Element {
  const entries = usePages<AuditEntry>({ key: ['audit'], path: '/api/audit' })
  return (
    <Card
      title="Audit log"
      actions={
        <a class="button small" href="/api/audit?format=csv" download>
          CSV
        </a>
      }
      flush
    >
      <View data={entries}>
        {(found) => (
          <Table
            label="Audit log"
            rows={found}
            columns={columns}
            keyOf={({ at, action, subject }) => `${at} ${action} ${subject}`}
            onEnd={entries.more}
          />
        )}
      </View>
    </Card>
  )
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : JSON.stringify(value).slice(0, maxShown)
}
