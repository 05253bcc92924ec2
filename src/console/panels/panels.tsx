import type { JSX } from 'preact'
import { lazy } from '../design/lazy.tsx'
import { parameter, setParameters } from '../shell/address.ts'

const EntityPanel = lazy(async () => (await import('./entity-panel.tsx')).EntityPanel)
const BlockedPanel = lazy(async () => (await import('./blocked-panel.tsx')).BlockedPanel)

/** What lies beside the page, by the address: `?entity=ip:…`, `?entity=user:…`, `?blocked=<id of a block page>`. */
export function Panels(): JSX.Element | null {
  const entity = /^(user|ip):(.+)$/s.exec(parameter('entity'))
  const blocked = parameter('blocked')
  const close = (): void => setParameters({ entity: undefined, blocked: undefined })
  if (entity !== null) {
    return <EntityPanel kind={entity[1] === 'ip' ? 'ip' : 'user'} value={entity[2] ?? ''} onClose={close} />
  }
  if (blocked !== '') return <BlockedPanel id={blocked} onClose={close} />
  return null
}
