import type { JSX } from 'preact'
import type { Severity } from '../../model/detection-rule.ts'
import type { SignalState } from '../../model/signal.ts'
import { percent } from '../text/figures.ts'
import { Icon, type IconName } from './icon.tsx'

const severityIcons: Readonly<Record<Severity, IconName>> = {
  critical: 'flame',
  high: 'warn',
  medium: 'signals',
  low: 'info',
  info: 'info',
}

/** How bad it is, by word, picture and colour. */
export function SeverityBadge({ severity }: { readonly severity: Severity }): JSX.Element {
  return (
    <span class={`badge ${severity}`}>
      <Icon name={severityIcons[severity]} />
      {severity[0]?.toUpperCase() + severity.slice(1)}
    </span>
  )
}

const stateWords: Readonly<Record<SignalState, string>> = {
  open: 'Open',
  under_review: 'Under review',
  archived: 'Archived',
  closed: 'Closed',
}

export function stateWord(state: SignalState): string {
  return stateWords[state]
}

export function StateBadge({ state }: { readonly state: SignalState }): JSX.Element {
  return <span class={`badge ${state === 'open' ? 'accent' : ''}`}>{stateWords[state]}</span>
}

/** A share of 0 to 1 as a bar and a figure. */
export function ShareBar({ share, says }: { readonly share: number; readonly says?: string }): JSX.Element {
  return (
    <span class="share">
      <span class="track" aria-hidden="true">
        <span class="fill" style={{ display: 'block', width: `${Math.min(100, Math.max(0, share * 100))}%` }} />
      </span>
      <span>{says ?? percent(share)}</span>
    </span>
  )
}
