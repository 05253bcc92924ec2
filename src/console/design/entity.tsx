import type { JSX } from 'preact'
import { addressWith } from '../shell/address.ts'
import { Raw } from './raw.tsx'

export type EntityKind = 'user' | 'ip'

/** A user or an address, wherever it stands: opens its panel beside the page. */
export function Entity(props: {
  readonly kind: EntityKind
  readonly value: string
  readonly max?: number
}): JSX.Element {
  return (
    <a href={addressWith({ entity: `${props.kind}:${props.value}` })}>
      <Raw text={props.value} max={props.max ?? 48} />
    </a>
  )
}
