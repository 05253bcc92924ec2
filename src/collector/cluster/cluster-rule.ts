import { requestHeaderPrefix } from '../../model/tags.ts'
import type { WafRuleObject } from '../../model/waf-rule.ts'
import type { Trait } from './trait.ts'
import { traitAttribute } from './trait.ts'
import { escapeRegex, productRegex, shapeRegex } from './user-agent.ts'

const headers = 'server.request.headers.no_cookies'
/** Longest value that an exact match compares (spec/detection.md 1.6). */
const MAX_VALUE_BYTES = 512

/** Conditions of a WAF rule that match requests with all of the traits, or why no rule can say it. */
export type ClusterRule = { readonly rule: WafRuleObject } | { readonly problem: string }

export function clusterRule(traits: readonly Trait[]): ClusterRule {
  const conditions: object[] = []
  for (const trait of traits) {
    const condition = conditionOf(trait)
    if (typeof condition === 'string') return { problem: condition }
    conditions.push(condition)
  }
  if (conditions.length === 0) return { problem: 'it has no attributes' }
  return { rule: { tags: { type: 'attacker_cluster', category: 'attack_attempt' }, conditions, transformers: [] } }
}

function conditionOf(trait: Trait): object | string {
  const { attribute } = trait
  if (attribute === traitAttribute.userAgent) return onInput(trait, { address: headers, key_path: ['user-agent'] })
  if (attribute.startsWith(requestHeaderPrefix)) {
    return onInput(trait, { address: headers, key_path: [attribute.slice(requestHeaderPrefix.length)] })
  }
  const part = fingerprintParts[attribute]
  if (part === undefined) return `no tracer feeds @${attribute} to its rules`
  if (trait.kind !== 'value') return `whether @${attribute} is there cannot be said in a rule`
  const input = { address: part.address }
  return part.regex === undefined ? exactly(input, trait.value) : matching(input, part.regex(escapeRegex(trait.value)))
}

/** Where a part of a fingerprint stands in its address (spec/detection.md 2.2.1). */
const fingerprintParts: Readonly<
  Record<string, { readonly address: string; readonly regex?: (value: string) => string }>
> = {
  [traitAttribute.order]: { address: '_dd.appsec.fp.http.order' },
  [traitAttribute.knownHeaders]: { address: '_dd.appsec.fp.http.header', regex: (bits) => `^hdr-${bits}-` },
  [traitAttribute.unknownHash]: {
    address: '_dd.appsec.fp.http.header',
    regex: (hash) => `^hdr-[01]+-[0-9a-f]*-[0-9]+-${hash}$`,
  },
  [traitAttribute.ipHeaders]: { address: '_dd.appsec.fp.http.network', regex: (bits) => `^net-[0-9]+-${bits}$` },
  [traitAttribute.queryKeys]: {
    address: '_dd.appsec.fp.http.endpoint',
    regex: (hash) => `^http-[^-]*-[0-9a-f]*-${hash}-`,
  },
  [traitAttribute.bodyKeys]: {
    address: '_dd.appsec.fp.http.endpoint',
    regex: (hash) => `^http-[^-]*-[0-9a-f]*-[0-9a-f]*-${hash}$`,
  },
}

interface Input {
  readonly address: string
  readonly key_path?: readonly string[]
}

function onInput(trait: Trait, input: Input): object | string {
  switch (trait.kind) {
    case 'value':
      return Buffer.byteLength(trait.value) > MAX_VALUE_BYTES
        ? `the value of @${trait.attribute} is longer than ${MAX_VALUE_BYTES} bytes`
        : exactly(input, trait.value)
    case 'shape':
      return matching(input, shapeRegex(trait.value))
    case 'product':
      return matching(input, productRegex(trait.value))
    default:
      return { operator: trait.kind === 'absent' ? '!exists' : 'exists', parameters: { inputs: [input] } }
  }
}

function exactly(input: Input, value: string): object {
  // An empty text never matches.
  if (value === '') return matching(input, '^$')
  return { operator: 'exact_match', parameters: { inputs: [input], list: [value] } }
}

function matching(input: Input, regex: string): object {
  return { operator: 'match_regex', parameters: { inputs: [input], regex, options: { case_sensitive: true } } }
}
