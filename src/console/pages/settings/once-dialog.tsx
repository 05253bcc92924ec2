import type { JSX } from 'preact'
import { Code } from '../../design/code.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { Note } from '../../design/note.tsx'

/** A secret that is shown this once. */
export interface ShownOnce {
  readonly title: string
  readonly says: string
  readonly secret: string
}

/** Shows a secret that cannot be read again. */
export function OnceDialog({
  shown,
  onClose,
}: {
  readonly shown: ShownOnce
  readonly onClose: () => void
}): JSX.Element {
  return (
    <Dialog title={shown.title} onClose={onClose}>
      <p>{shown.says}</p>
      <Code text={shown.secret} />
      <Note kind="warn">It is shown this once: the collector keeps only what it takes to recognise it.</Note>
    </Dialog>
  )
}
