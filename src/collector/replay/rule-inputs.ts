import { requestHeaderPrefix } from '../../model/tags.ts'
import type { WafRuleObject } from '../../model/waf-rule.ts'

/** One thing that a condition looks at. */
export interface RuleInput {
  readonly address: string
  readonly keyPath: readonly (string | number)[]
}

/** An input of which nothing is stored, so that the condition cannot be told for requests of the past. */
export interface UnreplayableInput extends RuleInput {
  readonly why: string
}

export const headersAddress = 'server.request.headers.no_cookies'

/** Attributes of a record, the first that is there, that hold the value of an address as the WAF saw it. */
export const storedAddresses: ReadonlyMap<string, readonly string[]> = new Map([
  ['server.request.method', ['http.method']],
  ['http.client_ip', ['http.client_ip']],
  ['usr.id', ['usr.id', 'appsec.events_data.usr.id']],
  ['usr.login', ['usr.login', 'appsec.events_data.usr.login']],
  ['usr.session_id', ['usr.session_id']],
  ['server.response.status', ['http.status_code']],
  ['_dd.appsec.fp.http.endpoint', ['_dd.appsec.fp.http.endpoint']],
  ['_dd.appsec.fp.http.header', ['_dd.appsec.fp.http.header']],
  ['_dd.appsec.fp.http.network', ['_dd.appsec.fp.http.network']],
  ['_dd.appsec.fp.http.order', ['_dd.appsec.fp.http.order', 'appsec.fingerprint.header.order']],
  ['_dd.appsec.fp.session', ['_dd.appsec.fp.session']],
])

/** Addresses that are made of several attributes (record-addresses.ts). */
export const derivedAddresses = {
  uri: 'server.request.uri.raw',
  query: 'server.request.query',
  businessLogic: 'server.business_logic.',
} as const

/** The inputs of a condition, in the lenient reading of the engine. */
export function inputsOf(condition: unknown): readonly RuleInput[] {
  const parameters = objectOf(objectOf(condition)['parameters'])
  return ['inputs', 'resource', 'params'].flatMap((name) =>
    listOf(parameters[name]).map((item) => {
      const { address, key_path: keyPath } = objectOf(item)
      return { address: String(address), keyPath: listOf(keyPath) as (string | number)[] }
    }),
  )
}

/** Whether a condition asks only whether something is there. */
export function asksPresence(condition: unknown): boolean {
  return /^!?exists(?:@v\d+)?$/.test(String(objectOf(condition)['operator']))
}

/** Why the values of an input are not among what is stored; undefined where they are, or may be. */
export function whyUnreplayable({ address, keyPath }: RuleInput): string | undefined {
  if (storedAddresses.has(address) || Object.values<string>(derivedAddresses).includes(address)) return undefined
  if (address.startsWith(derivedAddresses.businessLogic)) return undefined
  if (address !== headersAddress) return `${address} is not stored`
  if (keyPath.length === 1 && typeof keyPath[0] === 'string') return undefined
  return 'of the headers only some are stored; name the header in key_path'
}

/** The attribute that holds a request header. */
export function headerAttribute(name: string): string {
  return requestHeaderPrefix + name.toLowerCase().replaceAll(/[^a-z0-9_\-:/]/g, '_')
}

/** The inputs of a rule that cannot be replayed, each once. */
export function unreplayableInputs(rule: WafRuleObject): readonly UnreplayableInput[] {
  const found = new Map<string, UnreplayableInput>()
  for (const input of rule.conditions.flatMap(inputsOf)) {
    const why = whyUnreplayable(input)
    if (why !== undefined) found.set(JSON.stringify(input), { ...input, why })
  }
  return [...found.values()]
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}
