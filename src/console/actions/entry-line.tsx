import type { JSX } from 'preact'
import type { DenylistEntry } from '../api/shapes.ts'
import { Button } from '../design/button.tsx'
import { Raw } from '../design/raw.tsx'
import { now, Time, Until } from '../design/time.tsx'
import { rescindEntries, type ListName } from './lists.ts'

/** Whether an entry is in force. */
export function isActive({ rescindedAt, expiresAt }: DenylistEntry): boolean {
  return rescindedAt === null && (expiresAt === null || Date.parse(expiresAt) > now.value)
}

/** An entry of a list beside what it is about: until when, why, by whom, and the way to take it back. */
export function EntryLine({ list, entry }: { readonly list: ListName; readonly entry: DenylistEntry }): JSX.Element {
  return (
    <li>
      <span>
        {list === 'denylist' ? 'Blocked' : 'Never blocked'} by {entry.author} <Time at={entry.createdAt} />
        {isActive(entry) ? (
          <>
            , ends <Until at={entry.expiresAt} />
          </>
        ) : entry.rescindedAt === null ? (
          ', has ended'
        ) : (
          `, taken back by ${entry.rescindedBy ?? 'someone'}`
        )}
        {entry.reason === '' ? null : (
          <>
            : <Raw text={entry.reason} />
          </>
        )}
      </span>
      {isActive(entry) ? (
        <Button small needs="responder" onPress={() => rescindEntries(list, [entry])}>
          {list === 'denylist' ? 'Unblock' : 'Take off'}
        </Button>
      ) : null}
    </li>
  )
}
