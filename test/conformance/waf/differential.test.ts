import { expect, test } from 'vitest'
import { compileRuleset } from '../../../src/waf.ts'
import type { WafEvent } from '../../../src/waf.ts'
import { knownDifferences } from '../../support/known-differences.ts'
import { randomSource } from '../../support/random-source.ts'
import { randomRequest, textSource } from '../../support/random-request.ts'
import { recommendedRuleset, withTypePerRule } from '../../support/recommended-ruleset.ts'
import { comparable, referenceRun, referenceWaf } from '../../support/reference-waf.ts'
import type { ComparableResult } from '../../support/reference-waf.ts'
import { sameJson } from '../../support/same-json.ts'

/** A million, in four parts that can be repeated by their seed: docs/waf.md has the command. */
const count = Number(process.env['COUNT'] ?? 3000)
const seed = Number(process.env['SEED'] ?? 20261122)

const everyRule = withTypePerRule(recommendedRuleset)
const ruleset = everyRule
const rules = new Map([...ruleset.rules, ...ruleset.rules_compat].map((rule) => [rule.id, rule]))

/** Least share of requests that both judge alike, flagged or not. */
const LEAST_AGREEMENT = 0.999
/** In a sample too small to tell. */
const MOST_BY_CHANCE = 6
/** Differences that a failure shows; the run goes on, so that one costs no other hour. */
const MAX_REPORTED = 20

test(
  `over ${count} random requests every rule says what the reference says`,
  () => {
    const ours = compileRuleset(ruleset)
    const theirs = referenceWaf(ruleset)
    const random = randomSource(seed)
    const text = textSource(recommendedRuleset, random)
    const seen = new Set<string>()
    const reasons = new Map<string, number>()
    const unexplained: unknown[] = []
    const report = (difference: object): void => {
      if (unexplained.length < MAX_REPORTED) unexplained.push(difference)
    }
    const tally = { flagged: 0, judgedApart: 0, differing: 0, matches: 0 }
    for (let index = 0; index < count; index += 1) {
      const persistent = randomRequest(text, random)
      const mine = ours.createContext().run({ persistent })
      const other = referenceRun(theirs, persistent)
      const [mineById, otherById] = [byRule(mine.events), byRule(other.events)]
      let same = true
      for (const id of new Set([...mineById.keys(), ...otherById.keys()])) {
        seen.add(id)
        tally.matches += 1
        const [a, b] = [mineById.get(id), otherById.get(id)]
        if (sameJson(a, b)) continue
        same = false
        const rule = rules.get(id)
        const reason =
          rule &&
          knownDifferences.find(({ explains }) => explains({ rule, request: persistent, ours: jsonOf(a), theirs: b }))
        if (reason === undefined) report({ index, request: persistent, ours: a, theirs: b })
        else reasons.set(reason.why, (reasons.get(reason.why) ?? 0) + 1)
      }
      if (otherById.size > 0) tally.flagged += 1
      if (mineById.size > 0 !== otherById.size > 0) tally.judgedApart += 1
      const [result, expected] = [mine, other].map((given) => {
        const compared = comparable({ ...given, events: [] })
        return { ...compared, attributes: comparableAttributes(compared.attributes, persistent) }
      })
      if (!same) tally.differing += 1
      const compared: (keyof ComparableResult)[] = same ? ['actions', 'attributes', 'keep'] : ['attributes']
      for (const name of compared)
        if (!sameJson(result?.[name], expected?.[name]))
          report({ index, request: persistent, ours: result?.[name], theirs: expected?.[name] })
    }
    theirs.dispose()
    console.log(
      JSON.stringify({ requests: count, seed, rules: seen.size, ...tally, reasons: Object.fromEntries(reasons) }),
    )
    expect(unexplained).toEqual([])
    expect(seen.size).toBeGreaterThan(100)
    expect(tally.judgedApart).toBeLessThanOrEqual(Math.max(MOST_BY_CHANCE, count * (1 - LEAST_AGREEMENT)))
  },
  60_000 + count * 40,
)

function byRule(events: readonly unknown[] | undefined): Map<string, WafEvent> {
  return new Map(((events ?? []) as readonly WafEvent[]).map((event) => [event.rule.id, event]))
}

/** Attributes without what the two mean to say apart, each by its reason. */
function comparableAttributes(
  attributes: Readonly<Record<string, unknown>>,
  request: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { authorization = '' } = request['server.request.headers.no_cookies'] as { readonly authorization?: string }
  // The scheme of a bearer token may be in any case; the reference wants it exact (spec 1.6).
  const isOtherBearer = /^bearer/i.test(authorization) && !authorization.startsWith('Bearer')
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => !(isOtherBearer && name.startsWith('_dd.appsec.api.jwt.')))
      .map(([name, value]) => [name, name.startsWith('_dd.appsec.s.') ? sortedSchema(value) : value]),
  )
}

/**
 * A schema names the kinds of item in a list; the reference does so in the order of its hash table. It also loses a key
 * named __proto__, since its binding assigns keys to an ordinary object.
 */
function sortedSchema(schema: unknown): unknown {
  if (!Array.isArray(schema)) return schema
  const [first, ...rest] = schema as readonly unknown[]
  if (Array.isArray(first))
    return [first.map(sortedSchema).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)), ...rest]
  if (typeof first !== 'object' || first === null) return schema
  const entries = Object.entries(first)
    .filter(([key]) => key !== '__proto__')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return [Object.fromEntries(entries.map(([key, value]) => [key, sortedSchema(value)])), ...rest]
}

/** The event as a reader of its JSON has it, keys in one order. */
function jsonOf(event: WafEvent | undefined): WafEvent | undefined {
  return event === undefined ? undefined : (JSON.parse(JSON.stringify(event)) as WafEvent)
}
