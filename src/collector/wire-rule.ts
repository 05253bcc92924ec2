import type { ManagedWafRule, WafRoute, WafRuleObject } from '../model/waf-rule.ts'

/** What the wire form of a managed rule is made of. */
export type RuleSource = Pick<ManagedWafRule, 'id' | 'name' | 'rule' | 'routes'>

const address = { method: 'server.request.method', uri: 'server.request.uri.raw' } as const

/**
 * A managed rule as any tracer takes it: its routes become conditions on method and URI, so one rule for each method
 * that they name, since conditions are ANDed. The first has the rule's own id, the others a number behind it.
 * `onMatch` are the ids of actions.
 */
export function wireRules(source: RuleSource, onMatch: readonly string[]): readonly WafRuleObject[] {
  const { on_match: _own, enabled: _enabled, ...rule } = source.rule
  const tags = typeof rule['tags'] === 'object' && rule['tags'] !== null ? rule['tags'] : {}
  return routeConditions(source.routes).map((route, index) => ({
    ...rule,
    id: index === 0 ? source.id : `${source.id}-${index + 1}`,
    name: source.name,
    tags: { type: 'custom', category: 'attack_attempt', ...tags },
    // What is cheap and seldom true comes first.
    conditions: [...route, ...source.rule.conditions],
    ...(onMatch.length === 0 ? {} : { on_match: onMatch }),
  }))
}

/** Ids of the rules that `wireRules` makes: what events of the managed rule carry. */
export function wireRuleIds({ id, routes }: Pick<RuleSource, 'id' | 'routes'>): readonly string[] {
  return routeConditions(routes).map((_, index) => (index === 0 ? id : `${id}-${index + 1}`))
}

/**
 * Ids in the events of requests that a managed rule stopped, or would have stopped had not another that says the same
 * come first: each signal of a campaign may have a rule of its own, and a request is stopped once. A rule that is gone
 * has its own id only.
 */
export function stoppingIds(rules: readonly ManagedWafRule[], ruleId: string): readonly string[] {
  const rule = rules.find(({ id }) => id === ruleId)
  if (rule === undefined) return [ruleId]
  const said = whatItSays(rule)
  return rules.filter((other) => other === rule || whatItSays(other) === said).flatMap(wireRuleIds)
}

function whatItSays({ services, envs, routes, rule: { conditions, transformers } }: ManagedWafRule): string {
  return JSON.stringify([services, envs, routes, conditions, transformers])
}

/** What the configuration of a managed rule begins with. */
const configPrefix = 'pc-rule-'

export function ruleConfigId(ruleId: string): string {
  return configPrefix + ruleId
}

/** The managed rule that a configuration is of; undefined for other configurations. */
export function ruleOfConfig(configId: string): string | undefined {
  return configId.startsWith(configPrefix) ? configId.slice(configPrefix.length) : undefined
}

/** Whether a managed rule goes to tracers of this service and environment. */
export function isFor(
  rule: ManagedWafRule,
  { service, env }: { readonly service: string; readonly env: string },
): boolean {
  return (
    (rule.services.length === 0 || rule.services.includes(service)) &&
    (rule.envs.length === 0 || rule.envs.includes(env))
  )
}

/** Whether a managed rule is in force: sent at all, and not past its end. */
export function isInForce({ mode, endsAt }: ManagedWafRule, nowMs: number): boolean {
  return (mode === 'monitoring' || mode === 'blocking') && (endsAt === null || Date.parse(endsAt) > nowMs)
}

/** Lists of conditions of which one has to hold: one for each method that the routes name; one without any for no routes. */
function routeConditions(routes: readonly WafRoute[]): readonly (readonly object[])[] {
  if (routes.length === 0) return [[]]
  const byMethod = new Map<string, string[]>()
  for (const { method = '', pathPattern } of routes) {
    byMethod.set(method, [...(byMethod.get(method) ?? []), pathPattern])
  }
  return [...byMethod].map(([method, patterns]) => [
    ...(method === '' ? [] : [matches(address.method, `^${method}$`)]),
    matches(address.uri, routeRegex(patterns), ['url_decode']),
  ])
}

/** RE2 over a raw URI (path and query) that any of the patterns matches. */
export function routeRegex(patterns: readonly string[]): string {
  const alternatives = [...new Set(patterns)].map(pathRegex)
  return `^(?:${alternatives.join('|')})/?(?:[?#;]|$)`
}

function pathRegex(pattern: string): string {
  const path = pattern.length > 1 ? pattern.replace(/\/$/, '') : ''
  return path.replaceAll(/\*\*|\*|:[A-Za-z_]\w*|[^*:]+|:/g, (part) => {
    if (part === '**') return '[^?#]*'
    if (part === '*') return '[^/?#]*'
    return /^:\w/.test(part) ? '[^/?#]+' : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  })
}

/** The transformers stand on the input, since those of the rule are not meant for its routes. */
function matches(of: string, regex: string, transformers: readonly string[] = []): object {
  return { operator: 'match_regex', parameters: { inputs: [{ address: of, transformers }], regex } }
}

/** Whether a rule on these routes is for all requests. */
export function isWide(routes: readonly WafRoute[]): boolean {
  return routes.length === 0 || routes.some(({ pathPattern }) => isAnyPath(pathPattern))
}

/** Nothing but wildcards and parameters, such as `/**` and `/:page`: it says of no route that it is meant. */
function isAnyPath(pattern: string): boolean {
  return pattern.split('/').every((part) => /^(?:\**|:[A-Za-z_]\w*)$/.test(part)) && pattern !== '/'
}
