import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { DenylistKind } from '../../model/denylist-entry.ts'
import { Dialog } from '../design/dialog.tsx'
import { Note } from '../design/note.tsx'
import { Raw } from '../design/raw.tsx'
import { View } from '../design/view.tsx'
import { count, many } from '../text/figures.ts'
import { useBlastRadius, wantedOf } from './blast-radius.ts'
import { EndField, secondsOf, standardEnd } from './ends.tsx'
import { addEntries, type ListName } from './lists.ts'
import { needsTyping, Radius, TypedConfirmation } from './radius.tsx'
import { kindWords, readEntries } from './read-entries.ts'
import { ReasonField } from './reason-field.tsx'

const maxShownLines = 5

/** Adds one entry or many: typed, pasted, or read of a CSV file; says first whom they would have hit. */
export function AddEntriesDialog({
  list,
  onClose,
}: {
  readonly list: ListName
  readonly onClose: () => void
}): JSX.Element {
  const [text, setText] = useState('')
  const [kind, setKind] = useState<DenylistKind | 'guess'>('guess')
  const [end, setEnd] = useState(standardEnd)
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const { entries, refused } = readEntries(text, kind)
  const radius = useBlastRadius(list === 'denylist' ? wantedOf(entries) : [])
  const isTyped = list === 'denylist' && needsTyping(radius.data)
  return (
    <Dialog
      title={list === 'denylist' ? 'Block' : 'Never block'}
      onClose={onClose}
      action={{
        says: `Add ${many(entries.length, 'entry', 'entries')}`,
        disabled: entries.length === 0 || refused.length > 0 || (isTyped && typed !== 'block'),
        run: () => addEntries(list, entries, { forSeconds: secondsOf(end), reason }),
      }}
    >
      <div class="field">
        <label for="new-entries">One a line, or the first column of a CSV</label>
        <textarea
          id="new-entries"
          class="input"
          rows={5}
          spellcheck={false}
          placeholder={'203.0.113.7\n198.51.100.0/24'}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <input
          type="file"
          accept=".csv,.txt,text/csv,text/plain"
          aria-label="Read a file"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0]
            if (file !== undefined) void file.text().then(setText)
          }}
        />
      </div>
      <div class="field">
        <label for="new-kind">They are</label>
        <select
          id="new-kind"
          class="input"
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as DenylistKind | 'guess')}
        >
          <option value="guess">addresses and networks</option>
          {(['user', 'login', 'user_agent', 'fingerprint'] as const).map((one) => (
            <option key={one} value={one}>
              {kindWords[one][1]}
            </option>
          ))}
        </select>
      </div>
      {refused.length === 0 ? null : (
        <Note kind="danger">
          {many(refused.length, 'line')} cannot be read:{' '}
          {refused.slice(0, maxShownLines).map(({ line, text: wrong }, index) => (
            <span key={line}>
              {index === 0 ? '' : ', '}
              {line} (<Raw text={wrong} max={40} />)
            </span>
          ))}
          {refused.length > maxShownLines ? ` and ${count(refused.length - maxShownLines)} more` : ''}
        </Note>
      )}
      {list === 'denylist' && entries.length > 0 ? (
        <View data={radius}>{(found) => <Radius radius={found} of={entries.length} besideAttack={false} />}</View>
      ) : null}
      <EndField end={end} onChange={setEnd} />
      <ReasonField reason={reason} onChange={setReason} />
      {isTyped ? <TypedConfirmation word="block" value={typed} onInput={setTyped} /> : null}
    </Dialog>
  )
}
