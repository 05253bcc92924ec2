import { expect, test } from 'vitest'
import { compileRuleset } from '../../../src/waf.ts'
import type { Addresses, WafMatchParameter } from '../../../src/waf.ts'
import { comparable, referenceWaf } from '../../support/reference-waf.ts'
import type { Step, WafCase } from './case.ts'

/** Long enough that the reference never gives up for time. */
const REFERENCE_TIMEOUT_US = 10_000_000

/** Runs every case through our engine and the reference, and holds that at least `count` ran. */
export function runCases(cases: readonly WafCase[], count: number): void {
  test.each(cases)('$says', (one) => {
    const ruleset = { version: '2.2', ...one.ruleset }
    const context = compileRuleset(ruleset, one.obfuscator ? { obfuscator: one.obfuscator } : {}).createContext()
    const results = one.steps.map((step) => comparable(context.run(data(step))))
    for (const [index, step] of one.steps.entries()) expectStep(results[index], step)
    if (one.differs === undefined) expect(results).toEqual(referenceResults(one, ruleset))
    else expect(results).not.toEqual(referenceResults(one, ruleset))
  })
  test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(count))
}

function referenceResults(one: WafCase, ruleset: object): unknown[] {
  const reference = referenceWaf(ruleset, one.obfuscator)
  const context = reference.createContext()
  const results = one.steps.map((step) => comparable(context.run(data(step), REFERENCE_TIMEOUT_US)))
  context.dispose()
  reference.dispose()
  return results
}

function data({ persistent, ephemeral }: Step): { persistent?: Addresses; ephemeral?: Addresses } {
  return { ...(persistent === undefined ? {} : { persistent }), ...(ephemeral === undefined ? {} : { ephemeral }) }
}

interface ComparedEvent {
  readonly rule: { readonly id: string }
  readonly rule_matches: readonly { readonly parameters: readonly WafMatchParameter[] }[]
}

function expectStep(result: ReturnType<typeof comparable> | undefined, step: Step): void {
  const events = (result?.events ?? []) as readonly ComparedEvent[]
  expect(events.map((event) => event.rule.id)).toEqual(step.rules ?? [])
  if (step.matches !== undefined) {
    const found = events.flatMap((event) => event.rule_matches.flatMap((match) => match.parameters))
    expect(found).toEqual(step.matches)
  }
  if (step.actions !== undefined) expect(result?.actions).toEqual(step.actions)
  if (step.attributes !== undefined) expect(result?.attributes).toEqual(step.attributes)
  if (step.keep !== undefined) expect(result?.keep).toBe(step.keep)
}
