import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { inertParts } from '../text/inert.ts'

/**
 * Text from the outside, attackers' too: only ever text; invisible and direction-changing characters are shown by
 * their codes; what is longer than `max` characters is folded.
 */
export function Raw({ text, max = 120 }: { readonly text: string; readonly max?: number }): JSX.Element {
  const [open, setOpen] = useState(false)
  const shown = open ? text : text.slice(0, max)
  const rest = text.length - max
  return (
    <span class="raw">
      <bdi>
        {inertParts(shown).map((part, index) =>
          'text' in part ? (
            part.text
          ) : (
            <span key={index} class="hidden-character" title="a character that is not seen">
              {part.hidden}
            </span>
          ),
        )}
      </bdi>
      {rest <= 0 ? null : (
        <button
          type="button"
          class="unfold"
          aria-expanded={open}
          onClick={(event) => {
            event.stopPropagation()
            setOpen(!open)
          }}
        >
          {open ? 'less' : `… ${rest} more`}
        </button>
      )}
    </span>
  )
}
