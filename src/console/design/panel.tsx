import type { ComponentChildren, JSX } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from './button.tsx'

/** What is opened beside the page; Escape closes it and gives the focus back. */
export function Panel(props: {
  readonly title: ComponentChildren
  readonly actions?: ComponentChildren
  readonly onClose: () => void
  readonly children: ComponentChildren
}): JSX.Element {
  const element = useRef<HTMLElement>(null)
  const id = useId()
  // Before the next key: an effect after the paint would take the focus from where the user has gone since.
  useLayoutEffect(() => {
    const before = document.activeElement
    element.current?.focus()
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && document.querySelector('dialog[open], [popover=auto]:popover-open') === null) {
        props.onClose()
      }
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <aside class="panel" ref={element} tabIndex={-1} aria-labelledby={id}>
      <header>
        <h2 id={id} class="grow">
          {props.title}
        </h2>
        {props.actions}
        <Button look="quiet" icon="close" label="Close" onPress={props.onClose} />
      </header>
      <div class="content" tabIndex={0} role="group" aria-labelledby={id}>
        {props.children}
      </div>
    </aside>
  )
}
