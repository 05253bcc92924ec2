import { compileRuleset } from '../../src/waf.ts'
import type { RulesetDiagnostics, WafEvent, WafResult } from '../../src/waf.ts'
import { emptyTally } from './comparison.ts'
import type { Comparison } from './comparison.ts'
import { randomCase } from './random-ruleset.ts'
import type { RandomCase } from './random-ruleset.ts'
import { randomSource } from './random-source.ts'
import { comparable, referenceWaf } from './reference-waf.ts'
import type { ReferenceResult } from './reference-waf.ts'
import { sameJson } from './same-json.ts'
import { sortedSchema } from './sorted-schema.ts'

/** Long enough that no run ever times out. */
const BUDGET_US = 60_000_000

/** Random rulesets, each with some runs of a context, in both engines: what loads, and all of every run's result. */
export function compareRulesets(seed: number): Comparison {
  const random = randomSource(seed)
  const tally = emptyTally('the operators and their negations')
  const next = (): object[] => {
    const given = randomCase(random)
    const { ours, theirs } = inBothEngines(given)
    for (const { events } of theirs.results) {
      tally.matches += events.length
      for (const { rule_matches } of events) for (const { operator } of rule_matches) tally.seen.add(operator)
    }
    const isFlagged = [ours, theirs].map(({ results }) => results.some(({ events }) => events.length > 0))
    if (isFlagged[0] !== isFlagged[1]) tally.judgedApart += 1
    if (sameJson(ours, theirs)) {
      tally.alike += 1
      return []
    }
    return [{ ...given, ours, theirs }]
  }
  return { next, tally }
}

function inBothEngines({ ruleset, steps }: RandomCase) {
  const waf = compileRuleset(ruleset)
  const reference = referenceWaf(ruleset)
  const context = waf.createContext()
  const other = reference.createContext()
  const ours = {
    outcomes: outcomesOf(waf.diagnostics),
    results: steps.map((step) => shown(context.run(step))),
  }
  const theirs = {
    outcomes: outcomesOf(reference.diagnostics),
    results: steps.map((step) => shown(other.run(step, BUDGET_US))),
  }
  other.dispose()
  reference.dispose()
  return { ours, theirs }
}

/** Of each section what loaded, failed and was skipped; messages differ. */
function outcomesOf(diagnostics: Partial<RulesetDiagnostics>): object {
  return Object.fromEntries(
    Object.entries(diagnostics).flatMap(([name, section]) => {
      if (typeof section !== 'object' || !('loaded' in section)) return []
      const { loaded, failed, skipped } = section
      return [[name, { loaded, failed, skipped }]]
    }),
  )
}

/** The result with its events by id; rules of several types come in hash order from the reference. */
function shown(result: WafResult | ReferenceResult) {
  const { events, attributes, ...rest } = comparable(result)
  const sorted = (events as readonly WafEvent[]).toSorted((a, b) => (a.rule.id < b.rule.id ? -1 : 1))
  return { events: sorted, attributes: { ...attributes, made: sortedSchema(attributes['made']) }, ...rest }
}
