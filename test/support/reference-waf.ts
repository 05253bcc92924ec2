import { createRequire } from 'node:module'

/** What the reference reports for one run. */
export interface ReferenceResult {
  readonly timeout: boolean
  readonly events?: readonly ReferenceEvent[]
  readonly actions?: Readonly<Record<string, unknown>>
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly keep?: boolean
  readonly errorCode?: number
}
export interface ReferenceEvent {
  readonly rule: { readonly id: string; readonly on_match: readonly string[] }
  readonly rule_matches: readonly {
    readonly operator: string
    readonly operator_value: string
    readonly parameters: readonly { readonly value: string; readonly highlight: readonly string[] }[]
  }[]
}
export interface ReferenceContext {
  run(data: { persistent?: object; ephemeral?: object }, timeoutUs: number): ReferenceResult
  dispose(): void
}
export interface ReferenceWaf {
  readonly diagnostics: Readonly<Record<string, unknown>>
  readonly knownAddresses: ReadonlySet<string>
  createOrUpdateConfig(config: object, path: string): boolean
  removeConfig(path: string): boolean
  createContext(): ReferenceContext
  dispose(): void
}
type ReferenceConstructor = new (
  ruleset: object,
  path: string,
  options?: { obfuscatorKeyRegex?: string; obfuscatorValueRegex?: string },
) => ReferenceWaf

/**
 * `@datadog/native-appsec`, the reference of the conformance tests. It aborts the process on throwing getters,
 * proxies and cycles: never give it those.
 */
export const { DDWAF: ReferenceEngine } = createRequire(import.meta.url)('@datadog/native-appsec') as {
  DDWAF: ReferenceConstructor
}

/** Long enough that no run of a test ever times out. */
const budgetUs = 60_000_000

/** One run over persistent data in a context of its own. */
export function referenceRun(waf: ReferenceWaf, persistent: object): ReferenceResult {
  const context = waf.createContext()
  try {
    return context.run({ persistent }, budgetUs)
  } finally {
    context.dispose()
  }
}

/** Loads the reference with the obfuscator as our options name it. */
export function referenceWaf(
  ruleset: object,
  { keyRegex, valueRegex }: { readonly keyRegex?: string; readonly valueRegex?: string } = {},
): ReferenceWaf {
  return new ReferenceEngine(ruleset, 'base', {
    ...(keyRegex === undefined ? {} : { obfuscatorKeyRegex: keyRegex }),
    ...(valueRegex === undefined ? {} : { obfuscatorValueRegex: valueRegex }),
  })
}

/** What is compared of a run of either engine. */
export interface ComparableResult {
  readonly events: readonly unknown[]
  readonly actions: Readonly<Record<string, unknown>>
  readonly attributes: Readonly<Record<string, unknown>>
  readonly keep: boolean
}

/** The comparable part of a result, with a mark for random ids. */
export function comparable(result: {
  readonly events?: readonly unknown[]
  readonly actions?: object
  readonly attributes?: object
  readonly keep?: boolean
}): ComparableResult {
  const { events = [], actions = {}, attributes = {}, keep = false } = result
  return JSON.parse(
    JSON.stringify({ events, actions, attributes, keep }, (key, value: unknown) =>
      key === 'security_response_id' || key === 'stack_id' ? '<id>' : value,
    ),
  ) as ComparableResult
}
