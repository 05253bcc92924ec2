import type { WafReply } from '../../../model/waf-rule.ts'

/** What the editor changes: the part of a managed rule that people write. */
export interface Draft {
  readonly name: string
  readonly services: readonly string[]
  readonly envs: readonly string[]
  readonly routes: readonly { readonly method?: string; readonly pathPattern: string }[]
  readonly response: WafReply
  readonly endsAt: string | null
  readonly rule: Readonly<Record<string, unknown>> & { readonly conditions: readonly unknown[] }
}

export interface Condition {
  readonly operator: string
  readonly address: string
  readonly keyPath: string
  /** A value a line; a pattern for match_regex. */
  readonly values: string
}

export const operators = ['exact_match', 'match_regex', 'phrase_match', 'ip_match', 'exists', '!exists'] as const
export const addresses = [
  'server.request.headers.no_cookies',
  'server.request.method',
  'server.request.uri.raw',
  'server.request.query',
  'server.request.body',
  'server.request.path_params',
  'server.response.status',
  'http.client_ip',
  'usr.id',
  'usr.login',
] as const

export const emptyDraft: Draft = {
  name: '',
  services: [],
  envs: [],
  routes: [],
  response: 'block',
  endsAt: null,
  rule: {
    tags: { type: 'custom', category: 'attack_attempt' },
    conditions: [
      conditionObject({ operator: 'exact_match', address: addresses[0], keyPath: 'user-agent', values: '' }),
    ],
  },
}

/** A condition of the form as the rule format has it. */
export function conditionObject({ operator, address, keyPath, values }: Condition): object {
  const lines = values.split('\n').filter((line) => line !== '')
  const inputs = [{ address, ...(keyPath === '' ? {} : { key_path: keyPath.split('/') }) }]
  const own =
    operator === 'match_regex' ? { regex: lines.join('\n') } : operator.endsWith('exists') ? {} : { list: lines }
  return { operator, parameters: { inputs, ...own } }
}

/** A condition as the form shows it; undefined: it says more than the form can, and is edited as JSON. */
export function readCondition(value: unknown): Condition | undefined {
  const { operator, parameters } = (value ?? {}) as Record<string, unknown>
  const { inputs, list, regex, ...others } = (parameters ?? {}) as Record<string, unknown>
  const [input, ...more] = Array.isArray(inputs) ? (inputs as Record<string, unknown>[]) : []
  const { address, key_path: path = [], ...rest } = input ?? {}
  const known = operators.find((one) => one === operator)
  if (known === undefined || typeof address !== 'string' || more.length > 0) return undefined
  if (Object.keys(others).length > 0 || Object.keys(rest).length > 0 || !Array.isArray(path)) return undefined
  const values = typeof regex === 'string' ? regex : Array.isArray(list) ? list.map(String).join('\n') : ''
  return { operator: known, address, keyPath: path.map(String).join('/'), values }
}
