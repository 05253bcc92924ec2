import type { JSX } from 'preact'
import type { Span } from '../../api/shapes.ts'
import { Raw } from '../../design/raw.tsx'
import { attributeText } from './span-words.ts'

interface Match {
  readonly rule: string
  readonly name: string
  readonly address: string
  readonly value: string
  readonly highlight: string
}

/** What the In-App WAF matched in the span: the rule, where, and the text. */
export function WafEvents({ span }: { readonly span: Span }): JSX.Element | null {
  const matches = matchesOf(attributeText(span.attributes['_dd.appsec.json'] ?? span.attributes['appsec.event']))
  if (matches.length === 0) return null
  return (
    <section>
      <h3>What the WAF matched</h3>
      <ul class="stack tight">
        {matches.map((match, index) => (
          <li key={index} class="waf-event">
            <b>
              <Raw text={match.name} />
            </b>
            <span class="muted small">
              {match.rule} on {match.address}
            </span>
            <code>
              <Raw text={match.highlight || match.value} max={200} />
            </code>
          </li>
        ))}
      </ul>
    </section>
  )
}

const maxMatches = 50

/** Reads the JSON of WAF events; what is not of their shape is left out. */
export function matchesOf(json: string): readonly Match[] {
  let triggers: unknown
  try {
    triggers = (JSON.parse(json) as { triggers?: unknown } | null)?.triggers
  } catch {
    return []
  }
  if (!Array.isArray(triggers)) return []
  return triggers
    .flatMap((trigger: Record<string, unknown> | null) => {
      const rule = (trigger?.['rule'] ?? {}) as Record<string, unknown>
      const found = Array.isArray(trigger?.['rule_matches'])
        ? (trigger['rule_matches'] as Record<string, unknown>[])
        : []
      return found.flatMap((one) =>
        (Array.isArray(one?.['parameters']) ? (one['parameters'] as Record<string, unknown>[]) : []).map(
          (parameter) => ({
            rule: textOf(rule['id']),
            name: textOf(rule['name']) || textOf(rule['id']),
            address: [textOf(parameter?.['address']), ...listOf(parameter?.['key_path'])].join(' › '),
            value: textOf(parameter?.['value']),
            highlight: listOf(parameter?.['highlight']).join(', '),
          }),
        ),
      )
    })
    .slice(0, maxMatches)
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(textOf) : []
}
