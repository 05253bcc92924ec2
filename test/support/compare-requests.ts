import { compileRuleset } from '../../src/waf.ts'
import type { WafEvent, WafResult } from '../../src/waf.ts'
import { emptyTally } from './comparison.ts'
import type { Comparison } from './comparison.ts'
import { knownDifferences } from './known-differences.ts'
import { randomRequest, textSource } from './random-request.ts'
import { randomSource } from './random-source.ts'
import { recommendedRuleset, withTypePerRule } from './recommended-ruleset.ts'
import { comparable, referenceRun, referenceWaf } from './reference-waf.ts'
import type { ReferenceResult } from './reference-waf.ts'
import { sameJson } from './same-json.ts'
import { sortedSchema } from './sorted-schema.ts'

/** Random requests to the recommended ruleset, judged by us and by the reference: whole events, actions, attributes. */
export function compareRequests(seed: number): Comparison {
  const ruleset = withTypePerRule(recommendedRuleset)
  const rules = new Map([...ruleset.rules, ...ruleset.rules_compat].map((rule) => [rule.id, rule]))
  const ours = compileRuleset(ruleset)
  const theirs = referenceWaf(ruleset)
  const random = randomSource(seed)
  const text = textSource(recommendedRuleset, random)
  const tally = emptyTally(`${rules.size} rules`)

  const next = (): object[] => {
    const request = randomRequest(text, random)
    const mine = ours.createContext().run({ persistent: request })
    const other = referenceRun(theirs, request)
    const [mineById, otherById] = [byRule(mine.events), byRule(other.events)]
    const unexplained: object[] = []
    let isSame = true
    for (const id of new Set([...mineById.keys(), ...otherById.keys()])) {
      tally.seen.add(id)
      tally.matches += 1
      const [a, b] = [mineById.get(id), otherById.get(id)]
      if (sameJson(a, b)) continue
      isSame = false
      const rule = rules.get(id)
      const reason =
        rule && knownDifferences.find(({ explains }) => explains({ rule, request, ours: jsonOf(a), theirs: b }))
      if (reason === undefined) unexplained.push({ request, ours: a, theirs: b })
      else tally.reasons.set(reason.why, (tally.reasons.get(reason.why) ?? 0) + 1)
    }
    if (mineById.size > 0 !== otherById.size > 0) tally.judgedApart += 1
    // Another match may bring another action and keep another trace; attributes come of the request alone.
    for (const name of isSame ? compared : compared.slice(0, 1)) {
      if (sameJson(mine[name] ?? {}, other[name] ?? {})) continue
      const [a, b] = [mine, other].map((result) => lenient(result, request)[name])
      if (!sameJson(a, b)) unexplained.push({ request, ours: a, theirs: b })
    }
    if (isSame && unexplained.length === 0) tally.alike += 1
    return unexplained
  }
  return { next, tally }
}

const compared = ['attributes', 'actions', 'keep'] as const

function byRule(events: readonly unknown[] | undefined): Map<string, WafEvent> {
  return new Map(((events ?? []) as readonly WafEvent[]).map((event) => [event.rule.id, event]))
}

/** The result as a reader of its JSON has it, attributes without what the two mean to say apart, each by its reason. */
function lenient(
  result: WafResult | ReferenceResult,
  request: Readonly<Record<string, unknown>>,
): Omit<ReturnType<typeof comparable>, 'events'> {
  const { authorization = '' } = request['server.request.headers.no_cookies'] as { readonly authorization?: string }
  // The scheme of a bearer token may be in any case; the reference wants it exact (spec 1.6).
  const isOtherBearer = /^bearer/i.test(authorization) && !authorization.startsWith('Bearer')
  const { attributes, ...rest } = comparable({ ...result, events: [] })
  const entries = Object.entries(attributes)
    .filter(([name]) => !(isOtherBearer && name.startsWith('_dd.appsec.api.jwt.')))
    .map(([name, value]) => [name, name.startsWith('_dd.appsec.s.') ? sortedSchema(value) : value] as const)
  return { ...rest, attributes: Object.fromEntries(entries) }
}

/** The event as a reader of its JSON has it. */
function jsonOf(event: WafEvent | undefined): WafEvent | undefined {
  return event === undefined ? undefined : (JSON.parse(JSON.stringify(event)) as WafEvent)
}
