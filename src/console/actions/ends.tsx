import type { JSX } from 'preact'
import { Segments } from '../design/button.tsx'
import { Note } from '../design/note.tsx'

const ends = [
  { value: '3600', says: '1 h' },
  { value: '43200', says: '12 h' },
  { value: '604800', says: '1 week' },
  { value: 'permanent', says: 'Permanently' },
] as const
export type End = (typeof ends)[number]['value']
export const standardEnd: End = '43200'

/** The end of a block in seconds from now; null: none. */
export function secondsOf(end: End): number | null {
  return end === 'permanent' ? null : Number(end)
}

/** How long a block holds: every one has an end, unless somebody says otherwise and was warned. */
export function EndField({ end, onChange }: { readonly end: End; readonly onChange: (end: End) => void }): JSX.Element {
  return (
    <>
      <div class="field">
        <span class="label">For</span>
        <div>
          <Segments label="For how long" options={ends} value={end} onChange={onChange} />
        </div>
      </div>
      {end === 'permanent' ? (
        <Note kind="warn">
          Addresses change hands: what an attacker uses today is somebody’s home tomorrow. An end can be moved at any
          time.
        </Note>
      ) : null}
    </>
  )
}
