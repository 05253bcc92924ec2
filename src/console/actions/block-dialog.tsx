import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from '../design/dialog.tsx'
import { Note } from '../design/note.tsx'
import { Raw } from '../design/raw.tsx'
import { View } from '../design/view.tsx'
import { count, many } from '../text/figures.ts'
import { useBlastRadius, wantedOf } from './blast-radius.ts'
import { EndField, secondsOf, standardEnd } from './ends.tsx'
import { addEntries, type ListName, type WantedEntry } from './lists.ts'
import { kindWords } from './read-entries.ts'
import { needsTyping, Radius, TypedConfirmation } from './radius.tsx'
import { ReasonField } from './reason-field.tsx'

const maxNamed = 6

interface BlockDialogProps {
  readonly list?: ListName
  readonly entries: readonly WantedEntry[]
  /** The attack that it answers: what the block would have hit beside it is its collateral. */
  readonly signalId?: string | undefined
  readonly onClose: () => void
}

/** Blocks addresses, users or agents for a time; says first whom it would have hit. */
export function BlockDialog({ list = 'denylist', entries, signalId, onClose }: BlockDialogProps): JSX.Element {
  const [end, setEnd] = useState(standardEnd)
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const isBlock = list === 'denylist'
  const radius = useBlastRadius(isBlock ? wantedOf(entries, signalId) : [])
  const isTyped = isBlock && needsTyping(radius.data)
  return (
    <Dialog
      title={isBlock ? `Block ${subject(entries)}` : `Never block ${subject(entries)}`}
      onClose={onClose}
      action={{
        says: isBlock ? 'Block' : 'Never block',
        look: isBlock ? 'danger' : 'primary',
        disabled: radius.isLoading || (isTyped && typed !== 'block'),
        run: () => addEntries(list, entries, { forSeconds: secondsOf(end), reason, signalId }),
      }}
    >
      <p>
        {entries.slice(0, maxNamed).map(({ kind, value }, index) => (
          <span key={`${kind}:${value}`}>
            {index === 0 ? '' : ', '}
            <Raw text={value} max={60} />
          </span>
        ))}
        {entries.length > maxNamed ? ` and ${count(entries.length - maxNamed)} more` : ''}
      </p>
      {isBlock ? (
        <View data={radius}>
          {(found) => <Radius radius={found} of={entries.length} besideAttack={signalId !== undefined} />}
        </View>
      ) : (
        <Note>What is on the passlist is still seen and judged; nothing blocks it.</Note>
      )}
      <EndField end={end} onChange={setEnd} />
      <ReasonField reason={reason} onChange={setReason} />
      {isTyped ? <TypedConfirmation word="block" value={typed} onInput={setTyped} /> : null}
    </Dialog>
  )
}

function subject(entries: readonly WantedEntry[]): string {
  const kinds = new Set(entries.map(({ kind }) => kind))
  const [only] = kinds
  const [one, several] = (kinds.size === 1 && only !== undefined ? kindWords[only] : undefined) ?? ['entry', 'entries']
  return entries.length === 1 ? `this ${one}` : many(entries.length, one, several)
}
