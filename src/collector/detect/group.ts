import type { DetectionRule } from '../../model/detection-rule.ts'
import { bareName } from '../campaign.ts'

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
