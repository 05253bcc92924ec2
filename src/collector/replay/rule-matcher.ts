import type { AttributeValue } from '../../model/span-record.ts'
import type { WafRuleObject } from '../../model/waf-rule.ts'
import { compileRuleset } from '../../waf/compile-ruleset.ts'
import type { Waf, WafClock } from '../../waf/waf.ts'
import { addressValue, attributesOfAddress, attributesOfHeader, headerOf } from './record-addresses.ts'
import { asksPresence, headersAddress, inputsOf, whyUnreplayable } from './rule-inputs.ts'

/** `maybe`: what is stored of the request leaves it open; all that is known agrees with the rule. */
export type Outcome = 'match' | 'maybe' | 'none'

/** In place of a header's value where only its name is stored and only its presence is asked for. */
const somePresent = 'present'

/**
 * Says of stored requests whether any of the rules, with the engine that tracers use, would have matched. Conditions on
 * what is never stored are taken as holding, so that what a rule hits is rather overstated than not seen.
 */
export class RuleMatcher {
  readonly #rules: readonly WafRuleObject[]
  readonly #clock: WafClock
  readonly #addresses: readonly string[]
  /** Headers that are looked at, and whether their values matter. */
  readonly #headers: ReadonlyMap<string, 'value' | 'presence'>
  /** Engines by the headers whose conditions they leave out. */
  readonly #engines = new Map<string, Waf | 'always'>()

  constructor(rules: readonly WafRuleObject[], clock: WafClock) {
    this.#rules = rules.map(withoutUnreplayable)
    this.#clock = clock
    const addresses = new Set<string>()
    const headers = new Map<string, 'value' | 'presence'>()
    for (const condition of this.#rules.flatMap((rule) => rule.conditions)) {
      for (const { address, keyPath } of inputsOf(condition)) {
        if (address !== headersAddress) addresses.add(address)
        else if (!asksPresence(condition)) headers.set(String(keyPath[0]), 'value')
        else if (!headers.has(String(keyPath[0]))) headers.set(String(keyPath[0]), 'presence')
      }
    }
    this.#addresses = [...addresses]
    this.#headers = headers
    // Throws where a rule cannot be compiled, before the first record.
    this.#engine([])
  }

  /** The attributes that `test` looks at. */
  get attributes(): readonly string[] {
    return [
      ...new Set([
        ...this.#addresses.flatMap(attributesOfAddress),
        ...[...this.#headers.keys()].flatMap(attributesOfHeader),
      ]),
    ]
  }

  test(attributes: Readonly<Record<string, AttributeValue>>): Outcome {
    const persistent: Record<string, unknown> = {}
    const headers: Record<string, string> = {}
    const open: string[] = []
    for (const address of this.#addresses) {
      const value = addressValue(attributes, address)
      if (value !== undefined) persistent[address] = value
    }
    for (const [name, use] of this.#headers) {
      const found = headerOf(attributes, name)
      const value =
        found.state === 'present' ? (found.value ?? (use === 'presence' ? somePresent : undefined)) : undefined
      if (value !== undefined) headers[name] = value
      else if (found.state !== 'absent') open.push(name)
    }
    persistent[headersAddress] = headers
    const matches = this.#run(this.#engine(open), persistent)
    return !matches ? 'none' : open.length === 0 ? 'match' : 'maybe'
  }

  #run(engine: Waf | 'always', persistent: Readonly<Record<string, unknown>>): boolean {
    if (engine === 'always') return true
    const context = engine.createContext()
    try {
      return context.run({ persistent }).events.length > 0
    } finally {
      context.dispose()
    }
  }

  #engine(open: readonly string[]): Waf | 'always' {
    const key = open.join('\0')
    const made = this.#engines.get(key)
    if (made !== undefined) return made
    const rules = this.#rules.map((rule) => withoutConditions(rule, (condition) => looksAt(condition, open)))
    const engine = rules.some(({ conditions }) => conditions.length === 0)
      ? 'always'
      : compileRuleset({ version: '2.2', rules }, { clock: this.#clock })
    this.#engines.set(key, engine)
    return engine
  }
}

function looksAt(condition: unknown, headers: readonly string[]): boolean {
  return inputsOf(condition).some(
    ({ address, keyPath }) => address === headersAddress && headers.includes(String(keyPath[0])),
  )
}

function withoutUnreplayable(rule: WafRuleObject): WafRuleObject {
  const { output: _output, on_match: _actions, ...others } = rule
  return withoutConditions(others, (condition) =>
    inputsOf(condition).some((input) => whyUnreplayable(input) !== undefined),
  )
}

function withoutConditions(
  rule: Readonly<Record<string, unknown>> & Pick<WafRuleObject, 'conditions'>,
  leftOut: (condition: unknown) => boolean,
): WafRuleObject {
  return { ...rule, conditions: rule.conditions.filter((condition) => !leftOut(condition)) }
}
