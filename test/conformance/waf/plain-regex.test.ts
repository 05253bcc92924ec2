import { expect, test } from 'vitest'
import { compileRuleset, defaultRuleset } from '../../../src/waf.ts'
import { wellFormed } from '../../../src/waf/evaluate/found.ts'
import { plainRules } from '../../support/plain-rules.ts'
import { randomSource } from '../../support/random-source.ts'
import type { RandomSource } from '../../support/random-source.ts'
import { damage, textSource } from '../../support/random-request.ts'
import { recommendedRuleset, withTypePerRule } from '../../support/recommended-ruleset.ts'
import type { RecommendedRuleset } from '../../support/recommended-ruleset.ts'

/** A million, in four parts that can be repeated by their seed: docs/waf.md has the command. */
const count = Number(process.env['COUNT'] ?? 3000)
const seed = Number(process.env['SEED'] ?? 20261122)

const rulesets: readonly (readonly [name: string, ruleset: RecommendedRuleset, share: number])[] = [
  ['the recommended ruleset', recommendedRuleset, 0.8],
  ['the default ruleset', { ...(defaultRuleset() as unknown as RecommendedRuleset), rules_compat: [] }, 0.2],
]

// Whatever the engine leaves out before it asks RE2 — by literals, characters, transformers, texts known to be clean — must not cost a match.
test.each(rulesets)(
  'of %s the engine finds what RE2 by itself finds, rule by rule',
  (name, given, share) => {
    const ruleset = withTypePerRule(given)
    const rules = [...ruleset.rules, ...ruleset.rules_compat].map((rule) => ({
      ...rule,
      enabled: true,
      // A rule that blocks would end the evaluation.
      on_match: [],
      output: { event: true },
    }))
    const waf = compileRuleset({ ...ruleset, rules, rules_compat: [], processors: [] })
    const plain = plainRules(rules)
    const plainIds = new Set(plain.map(({ id }) => id))
    const random = randomSource(seed)
    const text = textSource(given, random)
    const seen = new Map<string, number>()
    const unexplained: unknown[] = []
    const requests = Math.round(count * share)
    for (let index = 0; index < requests; index += 1) {
      const aimed = random.chance(0.5) ? random.pick(plain) : undefined
      const request =
        aimed === undefined
          ? smallRequest(() => refolded(text(), random), random)
          : aimed.sample((sample) => refolded(random.chance(0.3) ? damage(sample, random) : sample, random), random)
      const { events } = waf.createContext().run({ persistent: request })
      const found = new Set(events.map((event) => event.rule.id).filter((id) => plainIds.has(id)))
      for (const { id, matches } of plain) {
        const expected = matches(request)
        if (expected) seen.set(id, (seen.get(id) ?? 0) + 1)
        if (expected !== found.has(id) && unexplained.length < 20) unexplained.push({ index, id, expected, request })
      }
    }
    const matches = [...seen.values()].reduce((sum, times) => sum + times, 0)
    console.log(
      JSON.stringify({ ruleset: name, requests, seed, rules: plain.length, rulesThatMatched: seen.size, matches }),
    )
    expect(unexplained).toEqual([])
    expect(matches).toBeGreaterThan(requests / 4)
    expect(seen.size).toBeGreaterThan(plain.length * 0.8)
  },
  60_000 + count * 40,
)

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
