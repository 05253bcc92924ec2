import type { ComponentChildren, JSX } from 'preact'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { toast } from '../../design/toast.tsx'

/** A secret that is shown once. */
export function SecretDialog(props: {
  readonly title: string
  readonly secret: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}): JSX.Element {
  const { title, secret, onClose, children } = props
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children} It is shown this once.</p>
      <p>
        <code class="secret">{secret}</code>
      </p>
      <div>
        <Button onPress={() => navigator.clipboard.writeText(secret).then(() => toast('Copied.'))}>Copy</Button>
      </div>
    </Dialog>
  )
}
