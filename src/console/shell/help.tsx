import type { JSX } from 'preact'
import { Dialog } from '../design/dialog.tsx'
import { overlay } from './keys.ts'
import { pages } from './pages.ts'

const rows: readonly (readonly [string, string])[] = [
  ['?', 'This help'],
  ['/', 'To the query or filter of the page'],
  ['t', 'Choose a stretch of time'],
  ['j  k', 'Next and previous row of a table'],
  ['Enter', 'Open the row'],
  ['Esc', 'Close what lies over the page'],
  ['Ctrl K  ⌘ K', 'Palette: pages, signals, users, addresses, ids of block pages'],
]

export function Help(): JSX.Element {
  return (
    <Dialog title="Keyboard" onClose={() => (overlay.value = undefined)}>
      <dl class="facts">
        {[
          ...rows,
          ...pages.filter(({ key }) => key !== undefined).map(({ key, title }) => [`g ${key}`, title] as const),
        ].map(([keys, says]) => (
          <>
            <dt>
              {keys.split('  ').map((one) => (
                <span key={one} class="row" style={{ display: 'inline-flex', gap: '3px', marginRight: '6px' }}>
                  {one.split(' ').map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </span>
              ))}
            </dt>
            <dd>{says}</dd>
          </>
        ))}
      </dl>
    </Dialog>
  )
}
