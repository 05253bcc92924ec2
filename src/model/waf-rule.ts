/** What a rule does: `draft` is sent nowhere, `monitoring` makes events, `blocking` also stops the request. */
export type WafRuleMode = 'draft' | 'monitoring' | 'blocking' | 'disabled'
export const wafRuleModes: readonly WafRuleMode[] = ['draft', 'monitoring', 'blocking', 'disabled']

export const blockPageTypes = ['auto', 'html', 'json'] as const
/** A block of one's own: a status of 200 to 599, and the page that is shown. */
export interface BlockReply {
  readonly status: number
  readonly type?: (typeof blockPageTypes)[number]
}

/**
 * How a stopped request is answered (spec/detection.md 1.7). `login_failure` looks like the service's own failed login;
 * where a tracer cannot do that, or has not seen enough of them, `fallback` is the answer, by default the plain block.
 */
export type WafReply =
  | 'block'
  | 'login_failure'
  | BlockReply
  | { readonly redirect: string; readonly status?: number }
  | { readonly login_failure: BlockReply }

/**
 * Requests that a rule is for. In `pathPattern`, `:name` is one segment, `*` any text within one, `**` any text; letters
 * of either case match, as most routers have it, and a final slash makes no difference.
 */
export interface WafRoute {
  readonly method?: string
  readonly pathPattern: string
}

/**
 * What a rule may do to ordinary people before it is taken back by itself: more than `logins` successful logins (while
 * blocking: requests of people who had logged in before), and more than this share of what it matched.
 */
export interface CollateralBound {
  readonly logins: number
  readonly share: number
}

/** A rule of the public libddwaf format; its `on_match` is set by the mode. */
export type WafRuleObject = Readonly<Record<string, unknown>> & { readonly conditions: readonly unknown[] }

/** A managed In-App WAF rule as it is written. Empty `services` or `envs`: all. Times are ISO 8601 UTC. */
export interface NewWafRule {
  readonly name: string
  readonly mode: WafRuleMode
  readonly services: readonly string[]
  readonly envs: readonly string[]
  /** Empty: all requests. */
  readonly routes: readonly WafRoute[]
  readonly response: WafReply
  /** When it ends by itself; null: never. */
  readonly endsAt: string | null
  readonly collateral: CollateralBound
  readonly rule: WafRuleObject
  readonly signalId: string | null
  readonly clusterId: string | null
}

/** A managed rule in force or kept for later; each change is a version. */
export interface ManagedWafRule extends Omit<NewWafRule, 'signalId' | 'clusterId'> {
  /** Also the id in the events of its matches. */
  readonly id: string
  readonly version: number
  readonly origin: { readonly by: string; readonly signalId: string | null; readonly clusterId: string | null }
  readonly createdAt: string
  readonly updatedAt: string
  /** Since when it does what it does: its mode and its conditions have not changed from then on. */
  readonly inModeSince: string
}

/** What is wrong with a rule, and where: a JSON path such as `$.rule.conditions[0].operator`. */
export interface WafRuleProblem {
  readonly path: string
  readonly message: string
}

export const defaultCollateral: CollateralBound = { logins: 5, share: 0.05 }

const maxNames = 200
const maxRoutes = 50
const maxConditions = 64
/** Bytes of one rule as JSON: it goes to every tracer. */
const maxRuleBytes = 65_536
/** Also those that the collector adds, so that what was read can be changed and written. */
const fields = new Set([
  'id',
  'version',
  'name',
  'mode',
  'services',
  'envs',
  'routes',
  'response',
  'endsAt',
  'collateral',
  'rule',
  'signalId',
  'clusterId',
  'origin',
  'createdAt',
  'updatedAt',
  'inModeSince',
  'wireIds',
  'inForce',
  'tracers',
])

/**
 * Reads a managed rule from outside: all its problems at once, or the rule. Whether its conditions can be compiled is
 * for the engine to say; what the collector sets by itself (`version`, `origin`, times) is passed over.
 */
export function readWafRule(
  value: unknown,
): { readonly rule: NewWafRule; readonly problems?: undefined } | { readonly problems: readonly WafRuleProblem[] } {
  const problems: WafRuleProblem[] = []
  const problem = (path: string, message: string): void => {
    problems.push({ path, message })
  }
  if (!isObject(value)) return { problems: [{ path: '$', message: 'an object is expected' }] }
  for (const name of Object.keys(value)) if (!fields.has(name)) problem(`$.${name}`, 'is not a field of a WAF rule')
  const mode = value['mode'] ?? 'draft'
  if (!wafRuleModes.includes(mode as WafRuleMode)) problem('$.mode', `is none of ${wafRuleModes.join(', ')}`)
  const rule: NewWafRule = {
    name: readText(value['name'], '$.name', problem),
    mode: mode as WafRuleMode,
    services: readNames(value['services'], '$.services', problem),
    envs: readNames(value['envs'], '$.envs', problem),
    routes: readRoutes(value['routes'], problem),
    response: readReply(value['response'] ?? 'block', '$.response', problem),
    endsAt: readEnd(value['endsAt'], problem),
    collateral: readCollateral(value['collateral'], problem),
    rule: readRuleObject(value['rule'], problem),
    signalId: readId(value['signalId'], '$.signalId', problem),
    clusterId: readId(value['clusterId'], '$.clusterId', problem),
  }
  return problems.length > 0 ? { problems } : { rule }
}

/** What every engine of the format takes as a redirection. */
const redirections: ReadonlySet<unknown> = new Set([301, 302, 303, 307])

type Complain = (path: string, message: string) => void

export function readReply(value: unknown, path: string, problem: Complain): WafReply {
  if (value === 'block' || value === 'login_failure') return value
  if (isObject(value)) {
    if ('redirect' in value) return readRedirect(value, path, problem)
    if ('login_failure' in value) {
      return { login_failure: readBlock(value['login_failure'], `${path}.login_failure`, problem) }
    }
    if ('status' in value) return readBlock(value, path, problem)
  }
  problem(path, 'is none of "block", "login_failure", {status, type}, {redirect}, {login_failure: {status, type}}')
  return 'block'
}

function readRedirect(value: Readonly<Record<string, unknown>>, path: string, problem: Complain): WafReply {
  const { redirect, status } = value
  const isTarget = typeof redirect === 'string' && /^(?:https?:\/\/[^\s/]|\/(?!\/))[!#-;=?-[\]_a-z~]*$/.test(redirect)
  if (!isTarget || redirect.length > 2_000)
    problem(`${path}.redirect`, 'is neither a path nor an http(s) URL, with anything beyond ASCII encoded')
  if (status !== undefined && !redirections.has(status)) problem(`${path}.status`, 'is none of 301, 302, 303, 307')
  return { redirect: String(redirect), ...(status === undefined ? {} : { status: Number(status) }) }
}

function readBlock(value: unknown, path: string, problem: Complain): BlockReply {
  const { status, type } = isObject(value) ? value : {}
  if (!isWhole(status, 200, 599)) problem(`${path}.status`, 'is no status of 200 to 599')
  const known = blockPageTypes.find((one) => one === type)
  if (type !== undefined && known === undefined) problem(`${path}.type`, `is none of ${blockPageTypes.join(', ')}`)
  return { status: Number(status), ...(known === undefined ? {} : { type: known }) }
}

function readRoutes(value: unknown, problem: Complain): readonly WafRoute[] {
  return readList(value, '$.routes', maxRoutes, problem).flatMap((item, index) => {
    const path = `$.routes[${index}]`
    const { method, pathPattern } = isObject(item) ? item : {}
    if (method !== undefined && (typeof method !== 'string' || !/^[A-Za-z]{1,20}$/.test(method))) {
      problem(`${path}.method`, 'is no method, such as POST')
    }
    if (typeof pathPattern !== 'string' || !/^\/[^\s?#]{0,500}$/.test(pathPattern)) {
      problem(`${path}.pathPattern`, 'is no path such as /login or /api/:version/login')
      return []
    }
    return [{ pathPattern, ...(typeof method === 'string' ? { method: method.toUpperCase() } : {}) }]
  })
}

function readRuleObject(value: unknown, problem: Complain): WafRuleObject {
  if (!isObject(value)) {
    problem('$.rule', 'an object in the libddwaf rule format is expected')
    return { conditions: [] }
  }
  const { conditions, id } = value
  if (!Array.isArray(conditions) || conditions.length === 0) problem('$.rule.conditions', 'at least one is required')
  else if (conditions.length > maxConditions) problem('$.rule.conditions', `at most ${maxConditions} are taken`)
  if (id !== undefined && (typeof id !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,99}$/i.test(id))) {
    problem('$.rule.id', 'letters, digits, dots, dashes and underscores are taken, at most 100')
  }
  if (typeof id === 'string' && /^(?:pc-|blk-)/.test(id)) problem('$.rule.id', 'pc- and blk- are for rules of ours')
  if (JSON.stringify(value).length > maxRuleBytes) problem('$.rule', `is longer than ${maxRuleBytes} bytes`)
  return { ...value, conditions: Array.isArray(conditions) ? (conditions as unknown[]) : [] }
}

function readCollateral(value: unknown, problem: Complain): CollateralBound {
  if (value === undefined || value === null) return defaultCollateral
  const { logins = defaultCollateral.logins, share = defaultCollateral.share } = isObject(value) ? value : {}
  if (!isWhole(logins, 0, 1_000_000)) problem('$.collateral.logins', 'is no whole number of at least 0')
  if (typeof share !== 'number' || !(share >= 0 && share <= 1)) problem('$.collateral.share', 'is no share of 0 to 1')
  return { logins: Number(logins), share: Number(share) }
}

function readEnd(value: unknown, problem: Complain): string | null {
  if (value === undefined || value === null) return null
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  problem('$.endsAt', 'is no ISO 8601 time')
  return null
}

function readNames(value: unknown, path: string, problem: Complain): readonly string[] {
  return readList(value, path, maxNames, problem).map((item, index) => readText(item, `${path}[${index}]`, problem))
}

function readList(value: unknown, path: string, max: number, problem: Complain): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.length <= max) return value as unknown[]
  problem(path, `a list of at most ${max} is expected`)
  return []
}

function readText(value: unknown, path: string, problem: Complain): string {
  if (typeof value === 'string' && value.length >= 1 && value.length <= 200) return value
  problem(path, 'a text of 1 to 200 characters is expected')
  return ''
}

function readId(value: unknown, path: string, problem: Complain): string | null {
  return value === undefined || value === null ? null : readText(value, path, problem)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWhole(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
}
