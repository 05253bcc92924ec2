import { compileRuleset, defaultRuleset } from '../../src/waf.ts'
import { wellFormed } from '../../src/waf/evaluate/found.ts'
import { emptyTally } from './comparison.ts'
import type { Comparison } from './comparison.ts'
import { plainRules } from './plain-rules.ts'
import { damage, textSource } from './random-request.ts'
import { randomSource } from './random-source.ts'
import type { RandomSource } from './random-source.ts'
import { recommendedRuleset, withTypePerRule } from './recommended-ruleset.ts'
import type { RecommendedRuleset } from './recommended-ruleset.ts'

/** How many of the requests are for the recommended ruleset, which has five times the rules. */
const SHARE_OF_RECOMMENDED = 0.8

/**
 * Every `match_regex` rule of both rulesets, judged by the engine and by RE2 alone: whatever the engine leaves out before
 * it asks RE2 (by literals, characters, transformers, texts known to be clean) must not cost a match.
 */
export function comparePlain(seed: number): Comparison {
  const random = randomSource(seed)
  const recommended = subjectOf(recommendedRuleset, random)
  const own = subjectOf({ ...(defaultRuleset() as unknown as RecommendedRuleset), rules_compat: [] }, random)
  const tally = emptyTally(`${recommended.plain.length + own.plain.length} rules`)

  const next = (): object[] => {
    const { waf, plain, ids, text } = random.chance(SHARE_OF_RECOMMENDED) ? recommended : own
    const request = random.chance(0.5)
      ? smallRequest(() => refolded(text(), random), random)
      : random
          .pick(plain)
          .sample((sample) => refolded(random.chance(0.3) ? damage(sample, random) : sample, random), random)
    const { events } = waf.createContext().run({ persistent: request })
    const found = new Set(events.map((event) => event.rule.id).filter((id) => ids.has(id)))
    const expected = plain.filter(({ matches }) => matches(request)).map(({ id }) => id)
    for (const id of expected) tally.seen.add(id)
    tally.matches += expected.length
    if (expected.length === found.size && expected.every((id) => found.has(id))) {
      tally.alike += 1
      return []
    }
    if (expected.length > 0 !== found.size > 0) tally.judgedApart += 1
    return [{ request, engine: [...found], plain: expected }]
  }
  return { next, tally }
}

function subjectOf(given: RecommendedRuleset, random: RandomSource) {
  const ruleset = withTypePerRule(given)
  const rules = [...ruleset.rules, ...ruleset.rules_compat].map((rule) => ({
    ...rule,
    enabled: true,
    // A rule that blocks would end the evaluation.
    on_match: [],
    output: { event: true },
  }))
  const plain = plainRules(rules)
  return {
    waf: compileRuleset({ ...ruleset, rules, rules_compat: [], processors: [] }),
    plain,
    ids: new Set(plain.map(({ id }) => id)),
    text: textSource(given, random),
  }
}

/** Letters that RE2 folds into others: the sign for kelvin, the long s, Greek, Cyrillic, titlecase and wide ones. */
const folds: readonly (readonly [plain: string, folded: string])[] = [
  ['k', '\u212a'],
  ['s', '\u017f'],
  ['K', '\u212a'],
  ['S', '\u017f'],
  ['ß', '\u1e9e'],
  ['i', '\u0130'],
  ['i', '\u0131'],
  ['e', '\uff45'],
  ['σ', 'ς'],
]

/** Now and then with letters that fold, or only look alike, in the place of others. */
function refolded(text: string, random: RandomSource): string {
  if (!random.chance(0.25)) return wellFormed(text)
  const [plain, folded] = random.pick(folds)
  return wellFormed(random.chance(0.5) ? text.replaceAll(plain, folded) : text.replace(plain, folded))
}

const textAddresses = ['server.request.uri.raw', 'grpc.server.request.message']
const mapAddresses = [
  'server.request.query',
  'server.request.body',
  'server.request.headers.no_cookies',
  'server.request.path_params',
  'server.request.cookies',
  'graphql.server.resolver',
]
const headers = ['user-agent', 'referer', 'x-filename', 'content-disposition', 'transfer-encoding', 'connection', 'x-a']

/** One or two addresses with few texts, so that a run is about them. */
function smallRequest(text: () => string, random: RandomSource): Record<string, unknown> {
  const request: Record<string, unknown> = {
    'server.request.method': 'POST',
    'server.response.status': random.pick(['200', '403', '404']),
  }
  if (random.chance(0.2)) request[random.pick(textAddresses)] = `/${text()}`
  const address = random.pick(mapAddresses)
  const name = address.includes('headers') ? random.pick(headers) : random.chance(0.7) ? 'q' : text().slice(0, 80)
  const value = random.chance(0.1) ? [text(), { inner: text() }] : text()
  request[address] = { [name]: value }
  return request
}
