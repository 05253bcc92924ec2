import type { DetectionRule } from '../../model/detection-rule.ts'

/** Group values as the store gives them: `env`, `service`, `@http.client_ip`. */
export type Group = Readonly<Record<string, string>>

/** Identifies a group whatever the order of its fields; works on groups of the store and of signals alike. */
export function groupKey(group: Group): string {
  return JSON.stringify(
    Object.entries(group)
      .map(([facet, value]) => [bareName(facet), value] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** A group as a signal carries it: facets without their `@` (spec/detection.md 1.4). */
export function signalGroup(group: Group): Group {
  return Object.fromEntries(Object.entries(group).map(([facet, value]) => [bareName(facet), value]))
}

/** `Credential stuffing (203.0.113.9, shop): Attempt`: what, where, and how bad. */
export function signalTitle(rule: Pick<DetectionRule, 'name'>, group: Group, caseName: string): string {
  const { env: _env, service, ...subjects } = group
  const where = [...Object.values(subjects), ...(service === undefined ? [] : [service])].join(', ')
  return `${rule.name}${where === '' ? '' : ` (${where})`}: ${caseName}`
}

/** The query of a signal's group: `env:"prod" service:"shop" @http.client_ip:"203.0.113.9"`. */
export function groupQuery(rule: Pick<DetectionRule, 'groupBy'>, group: Group): string {
  return rule.groupBy.map((facet) => term(facet, group[bareName(facet)] ?? '')).join(' ')
}

/** The explorer query of a signal's traces: its group, and what any of the rule's queries counts, less what is suppressed. */
export function signalQuery(rule: Pick<DetectionRule, 'groupBy' | 'queries' | 'suppress'>, group: Group): string {
  const filters = [...new Set(Object.values(rule.queries).map(({ filter }) => filter))]
  return [groupQuery(rule, group), anyOf(filters), ...(rule.suppress ?? []).map((filter) => `-(${filter})`)].join(' ')
}

/** `facet:"value"`, whatever is in the value. */
export function term(facet: string, value: string): string {
  return `${facet}:${quote(value)}`
}

/** `facet:("a" OR "b")`. */
export function anyValue(facet: string, values: readonly string[]): string {
  return `${facet}:(${values.map(quote).join(' OR ')})`
}

/** `(a) OR (b)`, in parentheses of its own. */
export function anyOf(filters: readonly string[]): string {
  return filters.length === 1 ? `(${filters[0] ?? ''})` : `(${filters.map((filter) => `(${filter})`).join(' OR ')})`
}

function quote(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`
}

function bareName(facet: string): string {
  return facet.startsWith('@') ? facet.slice(1) : facet
}
