import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { Signal, TimelineEntry } from '../../api/shapes.ts'
import { refresh } from '../../api/use-data.ts'
import { usePages } from '../../api/use-pages.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, View } from '../../design/view.tsx'
import { count } from '../../text/figures.ts'

const shown = 12
const maxNote = 4_000

const words: Readonly<Record<TimelineEntry['kind'], string>> = {
  opened: 'Opened',
  case_changed: 'Changed',
  compromised: 'Account taken over',
  cluster_found: 'Attackers share',
  response_taken: 'Blocked',
  response_refused: 'Not blocked',
  response_undone: 'Taken back',
  triaged: 'Triage',
  reopened: 'Opened again',
  closed: 'Closed',
}

/** All that happened to the signal, newest first, and notes of those who look at it. */
export function Timeline({ signal }: { readonly signal: Signal }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const entries = usePages<TimelineEntry>({
    key: ['signals', 'timeline'],
    path: `/api/signals/${encodeURIComponent(signal.id)}/timeline`,
    parameters: { order: 'newest' },
  })
  return (
    <Card title="Timeline" flush>
      {may('responder') ? <NoteForm signal={signal} /> : null}
      <View data={entries}>
        {(found) => (
          <ol class="timeline">
            {(isOpen ? found : found.slice(0, shown)).map((entry, index) => (
              <li key={index} class={entry.kind}>
                <span class="row apart small">
                  <b>{words[entry.kind] ?? entry.kind}</b>
                  <span class="muted">
                    {entry.by}, <Time at={entry.at} />
                  </span>
                </span>
                <Raw text={entry.text} max={240} />
              </li>
            ))}
            {found.length <= shown ? null : (
              <li class="row">
                <Button small look="quiet" onPress={() => setOpen(!isOpen)}>
                  {isOpen ? 'Fewer' : entries.more === undefined ? `All ${count(found.length)}` : 'More'}
                </Button>
                {isOpen && entries.more !== undefined ? (
                  <Button small look="quiet" onPress={entries.more}>
                    Older
                  </Button>
                ) : null}
                {isOpen && entries.renew !== undefined ? (
                  <Button small look="quiet" onPress={entries.renew}>
                    Show the newest
                  </Button>
                ) : null}
              </li>
            )}
          </ol>
        )}
      </View>
    </Card>
  )
}

function NoteForm({ signal }: { readonly signal: Signal }): JSX.Element {
  const [note, setNote] = useState('')
  return (
    <form
      class="note-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (note.trim() === '') return
        call('PATCH', `/api/signals/${encodeURIComponent(signal.id)}`, { note: note.trim() }).then(() => {
          setNote('')
          toast('Note added.')
          return refresh('signals')
        }, toastError)
      }}
    >
      <input
        class="input grow"
        aria-label="Note"
        placeholder="Write a note"
        maxLength={maxNote}
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      <Button type="submit" disabled={note.trim() === ''}>
        Add
      </Button>
    </form>
  )
}
