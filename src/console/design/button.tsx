import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { may, type Role } from '../api/session.ts'
import { Icon, type IconName } from './icon.tsx'
import { toastError } from './toast.tsx'

interface ButtonProps {
  readonly children?: ComponentChildren
  readonly icon?: IconName | undefined
  /** What it does: its name where it shows an icon only, else shown on pointing at it. */
  readonly label?: string | undefined
  readonly look?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly small?: boolean
  readonly type?: 'button' | 'submit'
  readonly disabled?: boolean
  /** The role that is needed; without it the button is not there. */
  readonly needs?: Role
  readonly pressed?: boolean | undefined
  readonly popoverTarget?: string | undefined
  /** A promise that it returns keeps the button busy; what it rejects with is told. */
  readonly onPress?: ((event: MouseEvent) => unknown) | undefined
}

export function Button(props: ButtonProps): JSX.Element | null {
  const {
    children,
    icon,
    label,
    look = 'plain',
    small = false,
    type = 'button',
    disabled = false,
    needs,
    onPress,
  } = props
  const [busy, setBusy] = useState(false)
  if (needs !== undefined && !may(needs)) return null
  const press = (event: MouseEvent): void => {
    const result = onPress?.(event)
    if (!(result instanceof Promise)) return
    setBusy(true)
    void result.catch(toastError).finally(() => setBusy(false))
  }
  const classes = ['button', look, small ? 'small' : '', children === undefined ? 'icon' : ''].join(' ')
  return (
    <button
      class={classes}
      type={type}
      disabled={disabled || busy}
      aria-busy={busy}
      aria-label={children === undefined ? label : undefined}
      title={label}
      aria-pressed={props.pressed}
      popovertarget={props.popoverTarget}
      onClick={press}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  )
}

/** One of a few choices, side by side. */
export function Segments<T extends string>(props: {
  readonly label: string
  readonly options: readonly { readonly value: T; readonly says: string }[]
  readonly value: T
  readonly onChange: (value: T) => void
}): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.options.map(({ value, says }) => (
        <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {says}
        </button>
      ))}
    </div>
  )
}
