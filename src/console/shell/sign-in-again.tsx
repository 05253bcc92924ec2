import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { readSession, signIn } from '../api/session.ts'
import { refresh } from '../api/use-data.ts'
import { Dialog } from '../design/dialog.tsx'

/** Lies over the page when nobody is signed in: the page, its query too, is there again after signing in. */
export function SignInAgain({ isFirst }: { readonly isFirst: boolean }): JSX.Element {
  const [link, setLink] = useState('')
  const [asked, setAsked] = useState(0)
  useEffect(() => {
    // A link that is opened in another tab signs this one in too.
    const ask = (): void =>
      void readSession().then(
        () => refresh(),
        () => undefined,
      )
    addEventListener('focus', ask)
    return () => removeEventListener('focus', ask)
  }, [])
  return (
    <Dialog
      key={asked}
      title={isFirst ? 'Sign in' : 'Your session has ended'}
      onClose={() => setAsked((count) => count + 1)}
      action={{ says: 'Sign in', disabled: link.trim() === '', run: () => signIn(link) }}
    >
      <p>
        Open a sign-in link in this browser, or paste it here. The collector prints one at its first start, and{' '}
        <code>portcullis signin</code> prints another. It works once.
      </p>
      {isFirst ? null : <p class="muted">This page and its query stay as they are.</p>}
      <div class="field">
        <label for="sign-in-link">Sign-in link</label>
        <input
          id="sign-in-link"
          class="input"
          autocomplete="off"
          spellcheck={false}
          placeholder={`${location.origin}/signin#…`}
          value={link}
          onInput={(event) => setLink(event.currentTarget.value)}
        />
      </div>
    </Dialog>
  )
}
