import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Segments } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { Note } from '../design/note.tsx'
import { Raw } from '../design/raw.tsx'
import { View } from '../design/view.tsx'
import { Chart } from '../design/chart.tsx'
import { count, many } from '../text/figures.ts'
import { useBlastRadius, type BlastRadius } from './blast-radius.ts'
import { addEntries, type ListName, type WantedEntry } from './lists.ts'

const ends = [
  { value: '3600', says: '1 h' },
  { value: '43200', says: '12 h' },
  { value: '604800', says: '1 week' },
  { value: 'permanent', says: 'Permanently' },
] as const
type End = (typeof ends)[number]['value']

/** A block that would have stopped this many successful logins has to be confirmed by typing. */
const typedAboveUsers = 10
const maxNamed = 6

interface BlockDialogProps {
  readonly list?: ListName
  readonly entries: readonly WantedEntry[]
  readonly signalId?: string | undefined
  /** A query of requests that the block is meant for, such as the attack: they are no collateral. */
  readonly meantFor?: string | undefined
  readonly onClose: () => void
}

/** Blocks addresses, users or agents for a time; says first whom it would have hit. */
export function BlockDialog({
  list = 'denylist',
  entries,
  signalId,
  meantFor,
  onClose,
}: BlockDialogProps): JSX.Element {
  const [end, setEnd] = useState<End>('43200')
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const radius = useBlastRadius(list === 'denylist' ? entries : [], meantFor)
  const needsTyping = list === 'denylist' && (radius.data?.users ?? 0) > typedAboveUsers
  const isBlock = list === 'denylist'
  return (
    <Dialog
      title={isBlock ? `Block ${subject(entries)}` : `Never block ${subject(entries)}`}
      onClose={onClose}
      action={{
        says: isBlock ? 'Block' : 'Never block',
        look: isBlock ? 'danger' : 'primary',
        disabled: needsTyping && typed !== 'block',
        run: () =>
          addEntries(list, entries, { forSeconds: end === 'permanent' ? null : Number(end), reason, signalId }),
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
        <View data={radius}>{(found) => <Radius {...found} of={entries.length} />}</View>
      ) : (
        <Note>Requests of the passlist are still seen and judged, and never stopped, by automation neither.</Note>
      )}
      <div class="field">
        <span class="label">For</span>
        <div>
          <Segments label="For how long" options={ends} value={end} onChange={setEnd} />
        </div>
      </div>
      {end === 'permanent' ? (
        <Note kind="warn">
          Addresses change hands: what an attacker uses today is somebody’s home tomorrow. An end can be moved at any
          time.
        </Note>
      ) : null}
      <div class="field">
        <label for="block-reason">Reason, for those who look at it later</label>
        <input
          id="block-reason"
          class="input"
          maxLength={1_000}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </div>
      {needsTyping ? (
        <div class="field">
          <label for="block-confirm">
            This would have stopped more than {typedAboveUsers} users. Type “block” to go on.
          </label>
          <input
            id="block-confirm"
            class="input"
            autocomplete="off"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </div>
      ) : null}
    </Dialog>
  )
}

function Radius({
  days,
  requests,
  successes,
  users,
  points,
  measured,
  of,
}: BlastRadius & { readonly of: number }): JSX.Element {
  return (
    <div class="stack tight">
      <Note kind={successes === 0 ? 'good' : 'warn'}>
        Would have stopped <b>{many(requests, 'request')}</b> in {days} days
        {successes === 0 ? (
          ', none of them a successful login.'
        ) : (
          <>
            , <b>{many(successes, 'successful login')}</b> by {many(users, 'user')} among them.
          </>
        )}
        {measured < of ? ` Measured on the first ${count(measured)} of ${count(of)}.` : ''}
      </Note>
      {requests === 0 ? null : (
        <Chart
          label="Requests it would have stopped"
          height={90}
          series={[{ name: 'Requests it would have stopped', color: '--category-1', points }]}
        />
      )}
    </div>
  )
}

function subject(entries: readonly WantedEntry[]): string {
  const words: Readonly<Record<string, readonly [string, string]>> = {
    ip: ['address', 'addresses'],
    cidr: ['network', 'networks'],
    user: ['user', 'users'],
    login: ['login', 'logins'],
    user_agent: ['user agent', 'user agents'],
    fingerprint: ['fingerprint', 'fingerprints'],
  }
  const kinds = new Set(entries.map(({ kind }) => kind))
  const [only] = kinds
  const [one, several] = (kinds.size === 1 && only !== undefined ? words[only] : undefined) ?? ['entry', 'entries']
  return entries.length === 1 ? `this ${one}` : many(entries.length, one, several)
}
