import type { ComponentChildren, JSX } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../api/call.ts'
import { Button } from './button.tsx'
import { Note } from './note.tsx'

interface DialogProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly onClose: () => void
  /** The button that does it; a promise that is rejected keeps the dialog open and says why. */
  readonly action?: {
    readonly says: string
    readonly look?: 'primary' | 'danger'
    readonly disabled?: boolean
    readonly run: () => Promise<unknown>
  }
}

/** A modal dialog; Escape and the cross close it. */
export function Dialog({ title, children, onClose, action }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  // Before the next key, so that nothing that is typed at once goes to what lies below.
  useLayoutEffect(() => element.current?.showModal(), [])

  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (action === undefined || action.disabled === true || busy) return
    setBusy(true)
    setProblem(undefined)
    action
      .run()
      .then(onClose, (error: unknown) =>
        setProblem(error instanceof ApiError ? `${error.message} (${error.code})` : String(error)),
      )
      .finally(() => setBusy(false))
  }
  return (
    <dialog ref={element} aria-labelledby={id} onClose={onClose}>
      <form method="dialog" onSubmit={submit} novalidate={action === undefined}>
        <header>
          <h2 id={id}>{title}</h2>
          <Button look="quiet" icon="close" label="Close" onPress={() => element.current?.close()} />
        </header>
        <div class="content stack" tabIndex={-1}>
          {children}
          {problem === undefined ? null : <Note kind="danger">{problem}</Note>}
        </div>
        {action === undefined ? null : (
          <footer>
            <Button onPress={() => element.current?.close()}>Cancel</Button>
            <Button type="submit" look={action.look ?? 'primary'} disabled={busy || action.disabled === true}>
              {action.says}
            </Button>
          </footer>
        )}
      </form>
    </dialog>
  )
}
