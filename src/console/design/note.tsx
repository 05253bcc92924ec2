import type { ComponentChildren, JSX } from 'preact'
import { Icon } from './icon.tsx'

/** A remark that belongs to what stands below or above it. */
export function Note(props: {
  readonly kind?: 'info' | 'warn' | 'danger' | 'good'
  readonly children: ComponentChildren
}): JSX.Element {
  const { kind = 'info', children } = props
  return (
    <div class={`note ${kind}`} role={kind === 'danger' ? 'alert' : undefined}>
      <Icon name={kind === 'info' ? 'info' : kind === 'good' ? 'check' : 'warn'} />
      <div class="grow">{children}</div>
    </div>
  )
}
