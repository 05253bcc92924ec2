import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import { call, pathOf } from '../api/call.ts'
import type { Page, Signal } from '../api/shapes.ts'
import { useData } from '../api/use-data.ts'
import { Dialog } from '../design/dialog.tsx'
import { Icon, type IconName } from '../design/icon.tsx'
import { inertParts } from '../text/inert.ts'
import { addressWith, go } from './address.ts'
import { overlay } from './keys.ts'
import { pages } from './pages.ts'

interface Choice {
  readonly icon: IconName
  readonly says: string
  readonly to: string
}

const maxSignals = 50
const maxChoices = 12
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Goes anywhere by a few letters: pages, signals; what looks like an address, a user or the id of a block page. */
export function Palette(): JSX.Element {
  const id = useId()
  const [typed, setTyped] = useState('')
  const [current, setCurrent] = useState(0)
  const signals = useData<Page<Signal>>({
    key: ['signals', 'palette'],
    load: (signal) => call('GET', pathOf('/api/signals', { limit: maxSignals }), undefined, signal),
  })
  const close = (): void => void (overlay.value = undefined)
  const choices = choicesFor(typed.trim(), signals.data?.items ?? [])
  const chosen = Math.min(current, choices.length - 1)
  const take = (choice: Choice | undefined): void => {
    if (choice === undefined) return
    close()
    go(choice.to)
  }
  return (
    <Dialog title="Go to" onClose={close}>
      <input
        class="input"
        autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={`${id}-${chosen}`}
        aria-label="Page, signal, user, address or id of a block page"
        placeholder="Page, signal, user, address, id of a block page …"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value)
          setCurrent(0)
        }}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
          if (step !== 0) setCurrent((chosen + step + choices.length) % Math.max(1, choices.length))
          if (event.key === 'Enter') take(choices[chosen])
          if (step !== 0 || event.key === 'Enter') event.preventDefault()
        }}
      />
      <div class="menu" role="listbox" id={id} aria-label="Places">
        {choices.map(({ icon, says, to }, index) => (
          <a
            key={to}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            tabIndex={-1}
            class={index === chosen ? 'current' : undefined}
            href={to}
            onClick={close}
          >
            <Icon name={icon} />
            {inertParts(says).map((part) => ('text' in part ? part.text : part.hidden))}
          </a>
        ))}
      </div>
    </Dialog>
  )
}

function choicesFor(typed: string, signals: readonly Signal[]): readonly Choice[] {
  const wanted = typed.toLowerCase()
  const named: Choice[] = [
    ...pages.flatMap(({ title, path, icon }) => (icon === undefined ? [] : [{ icon, says: title, to: path }])),
    ...signals.map(({ id, title }): Choice => ({
      icon: 'signals',
      says: title,
      to: `/signals/${encodeURIComponent(id)}`,
    })),
  ].filter(({ says }) => says.toLowerCase().includes(wanted))
  return [...(typed === '' ? [] : lookups(typed)), ...named].slice(0, maxChoices)
}

function lookups(typed: string): readonly Choice[] {
  if (uuid.test(typed))
    return [{ icon: 'denylist', says: `Why was ${typed} blocked?`, to: addressWith({ blocked: typed }) }]
  if (/^[0-9.]+$|:.*:/.test(typed))
    return [{ icon: 'search', says: `Address ${typed}`, to: addressWith({ entity: `ip:${typed}` }) }]
  return [{ icon: 'user', says: `User ${typed}`, to: addressWith({ entity: `user:${typed}` }) }]
}
