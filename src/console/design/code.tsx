import type { JSX } from 'preact'
import './code.css'
import { Button } from './button.tsx'
import { toast, toastError } from './toast.tsx'

/** Text to be taken elsewhere, with a button that copies it. */
export function Code({ text }: { readonly text: string }): JSX.Element {
  return (
    <div class="code">
      <pre tabIndex={0}>{text}</pre>
      <Button
        small
        look="quiet"
        onPress={() => void navigator.clipboard.writeText(text).then(() => toast('Copied.'), toastError)}
      >
        Copy
      </Button>
    </div>
  )
}
