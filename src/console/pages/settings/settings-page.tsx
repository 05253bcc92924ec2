import type { FunctionComponent, JSX } from 'preact'
import './settings.css'
import { may, type Role } from '../../api/session.ts'
import { parameter } from '../../shell/address.ts'
import { AuditLog } from './audit-log.tsx'
import { Notifications } from './notifications.tsx'
import { People } from './people.tsx'
import { Switches } from './switches.tsx'
import { ThreatIntel } from './threat-intel.tsx'

interface Part {
  readonly name: string
  readonly says: string
  readonly needs: Role
  readonly Content: FunctionComponent
}

const parts: readonly Part[] = [
  { name: 'blocking', says: 'Blocking', needs: 'viewer', Content: Switches },
  { name: 'notifications', says: 'Notifications', needs: 'viewer', Content: Notifications },
  { name: 'threat-intel', says: 'Threat intelligence', needs: 'viewer', Content: ThreatIntel },
  { name: 'people', says: 'Users and keys', needs: 'admin', Content: People },
  { name: 'audit', says: 'Audit log', needs: 'admin', Content: AuditLog },
]

/** What holds for all services: the switches, who is told, who is known to be bad, who may do what, and who did what. */
export function SettingsPage(): JSX.Element {
  const allowed = parts.filter(({ needs }) => may(needs))
  const shown = allowed.find(({ name }) => name === parameter('part')) ?? allowed[0]
  return (
    <div class="page">
      <div class="page-head">
        <h1>Settings</h1>
      </div>
      <nav class="tabs" aria-label="Parts of the settings">
        {allowed.map((part) => (
          <a key={part.name} href={`/settings?part=${part.name}`} aria-current={part === shown ? 'page' : undefined}>
            {part.says}
          </a>
        ))}
      </nav>
      {shown === undefined ? null : <shown.Content key={shown.name} />}
    </div>
  )
}
