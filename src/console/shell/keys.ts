import { signal } from '@preact/signals'
import { go } from './address.ts'
import { pages } from './pages.ts'

export type Overlay = 'help' | 'palette' | undefined
/** What lies over the page. */
export const overlay = signal<Overlay>(undefined)

/** How long after `g` a letter still belongs to it. */
const sequenceMs = 1_500

/** The keys of every page; those of a table or a dialog are theirs. */
export function followKeys(): void {
  let goingUntilMs = 0
  addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      overlay.value = overlay.value === 'palette' ? undefined : 'palette'
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (event.timeStamp < goingUntilMs) {
      goingUntilMs = 0
      const page = pages.find(({ key }) => key === event.key)
      if (page === undefined) return
      event.preventDefault()
      go(page.path)
      return
    }
    const act = keys[event.key]
    if (event.key === 'g') goingUntilMs = event.timeStamp + sequenceMs
    else if (act !== undefined && document.querySelector('dialog[open]') === null) {
      event.preventDefault()
      act()
    }
  })
}

const keys: Readonly<Record<string, () => void>> = {
  '?': () => (overlay.value = 'help'),
  '/': () => (document.querySelector<HTMLElement>('[data-key="/"]') ?? undefined)?.focus(),
  t: () => document.querySelector<HTMLElement>('[data-key="t"] button')?.click(),
  j: () => focusTable(),
  k: () => focusTable(),
}

/** The first row of the page's first table: from there on, the table moves by j and k itself. */
function focusTable(): void {
  document.querySelector<HTMLElement>('[data-table] tbody tr.line[tabindex="0"]')?.focus()
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input:not([type=checkbox]), select, textarea, [contenteditable]')
}
