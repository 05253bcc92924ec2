import type { Addresses } from '../../../src/waf.ts'

/** One run of a context: data in, what is expected out. */
export interface Step {
  readonly persistent?: Addresses
  readonly ephemeral?: Addresses
  /** Ids of the rules with an event, in order. */
  readonly rules?: readonly string[]
  readonly actions?: Readonly<Record<string, unknown>>
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly keep?: boolean
  /** Parts of the events: `parameters[0]` of each match, flattened. */
  readonly matches?: readonly unknown[]
}

/** A conformance case: a ruleset, runs of one context, and whether the reference engine says the same. */
export interface WafCase {
  readonly says: string
  /** Anything beside `version` and `rules`. */
  readonly ruleset: Readonly<Record<string, unknown>>
  readonly obfuscator?: { readonly keyRegex?: string; readonly valueRegex?: string }
  readonly steps: readonly Step[]
  /** Why the reference differs; without it, it must give the very same results. */
  readonly differs?: string
}

interface RuleOptions {
  readonly id?: string
  readonly type?: string
  readonly module?: string
  readonly conditions?: readonly object[]
  readonly [more: string]: unknown
}

/** A rule with the given conditions; id and type as given or `r1` and `t1`. */
export function rule(
  conditions: readonly object[],
  { id = 'r1', type = 't1', module, ...more }: RuleOptions = {},
): object {
  const tags = { type, category: 'test', ...(module === undefined ? {} : { module }) }
  return { id, name: id, tags, conditions, ...more }
}

interface InputOptions {
  readonly address?: string
  readonly key_path?: readonly (string | number)[]
  readonly transformers?: readonly string[]
}

/** A condition on one input, the address `a` unless told otherwise. */
export function on(operator: string, parameters: object, { address = 'a', ...more }: InputOptions = {}): object {
  return { operator, parameters: { inputs: [{ address, ...more }], ...parameters } }
}
