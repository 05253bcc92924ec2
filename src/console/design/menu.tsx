import type { ComponentChildren, JSX } from 'preact'
import { useId, useRef } from 'preact/hooks'
import { Button } from './button.tsx'
import type { IconName } from './icon.tsx'

const marginPx = 8

/** A button with a popover below it, kept inside the window. */
export function Menu(props: {
  readonly label: string
  readonly icon?: IconName
  readonly says?: ComponentChildren
  readonly small?: boolean
  readonly look?: 'plain' | 'quiet'
  readonly children: (close: () => void) => ComponentChildren
}): JSX.Element {
  const id = useId()
  const popover = useRef<HTMLDivElement>(null)
  const frame = useRef<HTMLSpanElement>(null)
  // The browser gives it the focus as it opens; the toggle event comes later than a key that is typed at once.
  const aim = ({ newState }: { readonly newState: string }): void => {
    if (newState === 'open') popover.current?.querySelector('input, a, button')?.toggleAttribute('autofocus', true)
  }
  const place = (event: { readonly newState: string }): void => {
    const target = popover.current
    const button = frame.current?.firstElementChild?.getBoundingClientRect()
    if (event.newState !== 'open' || target === null || button === undefined) return
    const { width, height } = target.getBoundingClientRect()
    const left = Math.max(marginPx, Math.min(button.left, innerWidth - width - marginPx))
    const below = button.bottom + 4
    const top = below + height > innerHeight - marginPx ? Math.max(marginPx, button.top - height - 4) : below
    target.style.left = `${left}px`
    target.style.top = `${top}px`
  }
  return (
    <span ref={frame}>
      <Button
        icon={props.icon}
        label={props.label}
        small={props.small ?? false}
        look={props.look ?? 'plain'}
        popoverTarget={id}
      >
        {props.says}
      </Button>
      <div id={id} popover="auto" ref={popover} onBeforeToggle={aim} onToggle={place} aria-label={props.label}>
        {props.children(() => popover.current?.hidePopover())}
      </div>
    </span>
  )
}
