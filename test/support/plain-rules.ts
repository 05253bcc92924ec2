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
  const texts = textsOfLatest()
  return rules
    .filter((rule) => rule.conditions.every(({ operator }) => operator === 'match_regex'))
    .map((rule) => {
      const conditions = rule.conditions.map((condition) => plainCondition(condition, rule.transformers ?? [], texts))
      return {
        id: rule.id,
        matches: (request) => conditions.every((holds) => holds(request)),
        sample: samplerOf(rule),
      }
    })
}

function samplerOf(rule: RecommendedRule): PlainRule['sample'] {
  const conditions = rule.conditions.flatMap(({ parameters: { regex = '', inputs = [] } }) => {
    const node = parseRegex(regex)
    return node === undefined ? [] : [{ node, inputs }]
  })
  return (change, random) => {
    const request: Record<string, unknown> = {}
    for (const { node, inputs } of conditions) {
      const { address, key_path = [], transformers: own } = random.pick(inputs)
      const text = change(sampleRegex(node, random).slice(0, 300))
      const isKey = (own ?? rule.transformers ?? []).includes('keys_only')
      const value = isKey ? { [text]: 'x' } : random.chance(0.5) || key_path.length > 0 ? text : { q: text }
      request[address] = key_path.reduceRight<unknown>((held, key) => ({ [key]: held }), value)
    }
    return request
  }
}

function plainCondition(
  { parameters }: RecommendedRule['conditions'][number],
  defaults: readonly string[],
  texts: TextsBelow,
): PlainRule['matches'] {
  const { regex = '', options, inputs = [] } = parameters
  const pattern = compilePattern(regex, { caseSensitive: options?.case_sensitive ?? false })
  const minBytes = options?.min_length ?? 0
  const holds = (text: string): boolean => text !== '' && Buffer.byteLength(text) >= minBytes && pattern.test(text)
  const targets = inputs.map(({ address, key_path = [], transformers: own }) => {
    const names = own ?? defaults
    const areKeys = names.includes('keys_only')
    return { names, address, path: key_path, areKeys, name: JSON.stringify([address, key_path, areKeys]) }
  })
  return (request) =>
    targets.some((target) =>
      texts(request, target).some((text) => holds(target.names.length === 0 ? text : transformed(text, target.names))),
    )
}

interface Target {
  readonly address: string
  readonly path: readonly string[]
  readonly areKeys: boolean
  /** The same for the same three. */
  readonly name: string
}
type TextsBelow = (request: Readonly<Record<string, unknown>>, target: Target) => readonly string[]

/** The texts or keys below a target; those of the latest request are kept, since most rules ask for the same few. */
function textsOfLatest(): TextsBelow {
  let latest: object | undefined
  const kept = new Map<string, readonly string[]>()
  return (request, { address, path, areKeys, name }) => {
    if (request !== latest) {
      latest = request
      kept.clear()
    }
    let texts = kept.get(name)
    if (texts === undefined) {
      const value = path.reduce<unknown>(below, request[address])
      kept.set(name, (texts = areKeys ? keysOf(value) : textsOf(value)))
    }
    return texts
  }
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

function below(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
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
