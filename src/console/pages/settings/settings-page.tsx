import type { JSX } from 'preact'
import './settings.css'
import { may } from '../../api/session.ts'
import { Segments } from '../../design/button.tsx'
import { parameter, setParameters } from '../../shell/address.ts'
import { Audit } from './audit.tsx'
import { Keys } from './keys.tsx'
import { Notifications } from './notifications.tsx'
import { Switches } from './switches.tsx'
import { ThreatIntel } from './threat-intel.tsx'
import { Users } from './users.tsx'

const parts = [
  { value: 'blocking', says: 'Blocking' },
  { value: 'notifications', says: 'Notifications' },
  { value: 'threat-intel', says: 'Threat intel' },
  { value: 'people', says: 'People and keys' },
  { value: 'audit', says: 'Audit log' },
] as const

/** What holds for all services, who is told, who may sign in, and what was changed by whom. */
export function SettingsPage(): JSX.Element {
  const part = parts.find(({ value }) => value === parameter('part'))?.value ?? 'blocking'
  const offered = may('admin') ? parts : parts.filter(({ value }) => value !== 'people' && value !== 'audit')
  return (
    <div class="page">
      <div class="page-head">
        <h1>Settings</h1>
        <div class="scrolls">
          <Segments
            label="Part"
            options={offered}
            value={part}
            onChange={(value) => setParameters({ part: value === 'blocking' ? undefined : value })}
          />
        </div>
      </div>
      {part === 'blocking' ? <Switches /> : null}
      {part === 'notifications' ? <Notifications /> : null}
      {part === 'threat-intel' ? <ThreatIntel /> : null}
      {part === 'people' ? (
        <>
          <Users />
          <Keys />
        </>
      ) : null}
      {part === 'audit' ? <Audit /> : null}
    </div>
  )
}
