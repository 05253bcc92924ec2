import { address, matches } from './rule.ts'
import type { RuleSpec } from './rule.ts'

/** What a rule needs to know to report logins of a route without a line of code. */
export interface LoginTagOptions {
  readonly id: string
  /** What the route reports; `users.login.failure` and `users.login.success` are known to the detection rules. */
  readonly event: string
  /** RE2 over the raw URI, such as `^/api/login(?:[?]|$)`. */
  readonly uri: string
  /** RE2 over the status of the response, such as `^40[13]$`. */
  readonly status: string
  /** Default POST. */
  readonly method?: string
  /** Where the login stands in the request. */
  readonly login: { readonly from: 'body' | 'query'; readonly keyPath: readonly string[] }
  /** What of the response or request says that the account exists, as a fixed value; left out when nothing does. */
  readonly exists?: boolean
}

/**
 * A business-logic rule: a request with this method and URI that is answered with this status is reported as a login
 * event, with `usr.login` taken from its body or query. It makes no event of its own and never blocks.
 */
export function loginTagRule({ id, event, uri, status, method = 'POST', login, exists }: LoginTagOptions): RuleSpec {
  const tag = `appsec.events.${event}`
  const source = { ...(login.from === 'body' ? address.body : address.query), key_path: login.keyPath }
  return {
    id,
    name: `Report ${event}`,
    tags: { type: event, category: 'business_logic', module: 'business-logic' },
    conditions: [
      matches([address.method], `^${method}$`),
      matches([address.uri], uri),
      { operator: 'exists', parameters: { inputs: [source] } },
      matches([address.status], status),
    ],
    output: {
      event: false,
      keep: true,
      attributes: {
        [`${tag}.track`]: { value: 'true' },
        [`${tag}.usr.login`]: source,
        ...(exists === undefined ? {} : { [`${tag}.usr.exists`]: { value: String(exists) } }),
      },
    },
  }
}
