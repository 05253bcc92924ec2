import { compilePattern } from '../../src/waf/regex.ts'
import { transformers } from '../../src/waf/transformers.ts'
import { parseRegex } from '../../src/waf/prefilter/regex-syntax.ts'
import type { RandomSource } from './random-source.ts'
import type { RecommendedRule } from './recommended-ruleset.ts'
import { sampleRegex } from './sample-regex.ts'

/** A rule judged the long way: every text below every input goes through its transformers into RE2, nothing is left out. */
export interface PlainRule {
  readonly id: string
  readonly matches: (request: Readonly<Record<string, unknown>>) => boolean
  /** A request with a text for each condition, at one of its inputs, made of what its pattern matches. */
  readonly sample: (change: (text: string) => string, random: RandomSource) => Record<string, unknown>
}

/** The rules whose conditions are all `match_regex`. */
export function plainRules(rules: readonly RecommendedRule[]): PlainRule[] {
  return rules
    .filter((rule) => rule.conditions.every(({ operator }) => operator === 'match_regex'))
    .map((rule) => {
      const conditions = rule.conditions.map((condition) => plainCondition(condition, rule.transformers ?? []))
      return {
        id: rule.id,
        matches: (request) => conditions.every((holds) => holds(request)),
        sample: (change, random) => sampleRequest(rule, change, random),
      }
    })
}

function sampleRequest(
  rule: RecommendedRule,
  change: (text: string) => string,
  random: RandomSource,
): Record<string, unknown> {
  const request: Record<string, unknown> = {}
  for (const { parameters } of rule.conditions) {
    const node = parseRegex(parameters.regex ?? '')
    const { address, key_path = [], transformers: own } = random.pick(parameters.inputs ?? [])
    if (node === undefined) continue
    const text = change(sampleRegex(node, random).slice(0, 300))
    const isKey = (own ?? rule.transformers ?? []).includes('keys_only')
    const value = isKey ? { [text]: 'x' } : random.chance(0.5) || key_path.length > 0 ? text : { q: text }
    request[address] = key_path.reduceRight<unknown>((held, key) => ({ [key]: held }), value)
  }
  return request
}

function plainCondition(
  { parameters }: RecommendedRule['conditions'][number],
  defaults: readonly string[],
): PlainRule['matches'] {
  const { regex = '', options, inputs = [] } = parameters
  const pattern = compilePattern(regex, { caseSensitive: options?.case_sensitive ?? false })
  const minBytes = options?.min_length ?? 0
  const holds = (text: string): boolean => text !== '' && Buffer.byteLength(text) >= minBytes && pattern.test(text)
  return (request) =>
    inputs.some(({ address, key_path = [], transformers: own }) => {
      const names = own ?? defaults
      const target = key_path.reduce<unknown>(below, request[address])
      if (target === undefined) return false
      const texts = names.includes('keys_only') ? keysOf(target) : textsOf(target)
      return texts.some((text) => holds(names.length === 0 ? text : transformed(text, names)))
    })
}

function below(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}

/** Texts as a list of transformers leaves them; many rules ask for the same. */
const known = new Map<string, string>()
const MAX_KNOWN = 1000

function transformed(text: string, names: readonly string[]): string {
  const key = `${names.join()} ${text}`
  let result = known.get(key)
  if (result === undefined) {
    result = names.reduce((current, name) => transformers.get(name)?.apply(current) ?? current, text)
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(key, result)
  }
  return result
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(keysOf)
  return Object.entries(value).flatMap(([key, item]) => [key, ...keysOf(item)])
}
