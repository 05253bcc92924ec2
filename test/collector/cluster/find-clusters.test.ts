import { describe, expect, test } from 'vitest'
import { attributeOf, clusterQuery, traitOf } from '../../../src/collector/cluster/attribute.ts'
import { clusterRule } from '../../../src/collector/cluster/cluster-rule.ts'
import { findClusters } from '../../../src/collector/cluster/find-clusters.ts'
import type { Observation } from '../../../src/collector/cluster/observations.ts'
import type { Trait } from '../../../src/collector/cluster/trait.ts'
import { hasTraits } from '../../../src/collector/cluster/trait.ts'
import { clientTraits, decodeClientTraits, encodeClientTraits } from '../../../src/model/client-traits.ts'
import { match, parse } from '../../../src/query/query.ts'
import { compileRuleset } from '../../../src/waf/compile-ruleset.ts'
import type { Client } from './traffic.ts'
import { app, attempt, browser, clientAttributes } from './traffic.ts'

type Counts = readonly [failures: number, successes: number]

/** What was seen of a client: before the onset and since then. */
function seen(client: Client, before: Counts, since: Counts, usualFailures: number = before[0]): Observation {
  const traits = encodeClientTraits(clientTraits(clientAttributes(client))) ?? ''
  const [failures, successes] = since
  return {
    client: decodeClientTraits(traits),
    attack: { failures, successes },
    recent: { failures, successes },
    baseline: { failures: before[0], successes: before[1], usualFailures },
  }
}

const people = (factor: number): readonly Observation[] => [
  seen(browser(141), [400, 3_600], [40 * factor, 360 * factor]),
  seen(browser(140), [200, 1_800], [20 * factor, 180 * factor]),
  seen(browser(141, 'de-DE'), [200, 1_800], [20 * factor, 180 * factor]),
  seen(app, [300, 2_700], [30 * factor, 270 * factor]),
]
const installedJustNow = people(0.25).map((one) => ({
  ...one,
  baseline: { failures: 0, successes: 0, usualFailures: 0 },
}))
const script: Client = [
  ['host', 'shop.example'],
  ['accept', '*/*'],
  ['user-agent', 'Mozilla/5.0 (Windows NT 10.0) Chrome/141.0.0.0 Safari/537.36'],
]
const clone: Client = app.filter(([name]) => name !== 'x-app-platform')
const find = (observations: readonly Observation[], fingerprints = true): ReturnType<typeof findClusters> =>
  findClusters({ observations, timeScale: 0.1, narrow: false, feeds: { fingerprints } })
const members = (observations: readonly Observation[], traits: readonly Trait[]): readonly number[] =>
  observations.flatMap(({ client }, index) => (hasTraits(client, traits) ? [index] : []))

describe('what is found', () => {
  test('a script with the user agent of a browser, at five percent of the traffic, and at ninety-five', () => {
    for (const factor of [5, 0.015]) {
      const observations = [...people(factor), seen(script, [0, 0], [300, 2])]
      const found = find(observations)
      expect(found).toHaveLength(1)
      expect(members(observations, found[0]?.traits ?? [])).toEqual([4])
      expect(found[0]?.attackShare).toBeGreaterThan(0.9)
    }
  })

  test('a clone that lacks one header, also where no fingerprint can be used', () => {
    const observations = [...people(1), seen(clone, [0, 0], [300, 2])]
    for (const fingerprints of [true, false]) {
      const [cluster, ...others] = find(observations, fingerprints)
      expect(others).toEqual([])
      expect(members(observations, cluster?.traits ?? [])).toEqual([4])
      if (!fingerprints) {
        expect(cluster?.traits).toContainEqual({ kind: 'absent', attribute: 'http.request.headers.x-app-platform' })
      }
    }
  })

  test('two tools are two clusters', () => {
    const observations = [...people(1), seen(script, [0, 0], [300, 2]), seen(clone, [0, 0], [200, 1])]
    expect(find(observations).map(({ traits }) => members(observations, traits))).toEqual([[4], [5]])
  })

  test('user agents that change with each request hide nothing else', () => {
    const rotated = Array.from({ length: 60 }, (_, index) =>
      seen(
        [
          ['host', 'shop.example'],
          ['user-agent', `Agent/${index}`],
          ['accept', 'text/html'],
        ],
        [0, 0],
        [5, 0],
      ),
    )
    const observations = [...people(1), ...rotated]
    const [cluster] = find(observations)
    expect(members(observations, cluster?.traits ?? [])).toHaveLength(60)
  })

  test('a tool that attacked before is found again: an earlier wave is nothing usual', () => {
    const observations = [...people(1), seen(script, [2_000, 10], [300, 2], 6)]
    expect(find(observations).map(({ traits }) => members(observations, traits))).toEqual([[4]])
  })

  test('a script soon after the installation, when only the logins beside it say what is ordinary', () => {
    const observations = [...installedJustNow, seen(script, [0, 0], [300, 6])]
    expect(find(observations).map(({ traits }) => members(observations, traits))).toEqual([[4]])
  })
})

describe('what is not found', () => {
  const cases: readonly { readonly says: string; readonly observations: readonly Observation[] }[] = [
    { says: 'ordinary traffic', observations: people(1) },
    { says: 'twice as much ordinary traffic', observations: people(2) },
    { says: 'an attack by the app itself', observations: [...people(1), seen(app, [0, 0], [600, 4])] },
    {
      says: 'an attack that is spread over all clients as people are',
      observations: people(1).map((one) => ({
        ...one,
        attack: { ...one.attack, failures: 10 * one.attack.failures },
        recent: { ...one.recent, failures: 10 * one.recent.failures },
      })),
    },
    {
      says: 'a new version of a browser, whose users log in as they always did',
      observations: [...people(1), seen(browser(142), [0, 0], [40, 360])],
    },
    {
      says: 'a job that has failed at the same pace for long',
      observations: [...people(1), seen(script, [288, 0], [29, 0], 288)],
    },
    { says: 'a few failures of an odd client', observations: [...people(1), seen(script, [0, 0], [8, 0])] },
    { says: 'nothing', observations: [] },
    { says: 'ordinary traffic soon after the installation', observations: installedJustNow },
    { says: 'an attack beside which nobody logged in yet', observations: [seen(script, [0, 0], [850, 22])] },
  ]
  test.each(cases)('$says', ({ observations }) => {
    expect(find(observations)).toEqual([])
  })
  test('every case ran', () => expect(cases).toHaveLength(10))
})

describe('what a cluster becomes', () => {
  const traits: readonly Trait[] = [
    { kind: 'value', attribute: 'http.useragent', value: 'ShopApp/7.4.1 okhttp/4.12.0' },
    { kind: 'value', attribute: 'http.request.headers.accept', value: 'application/json' },
    {
      kind: 'value',
      attribute: 'appsec.fingerprint.header.order',
      value: clientAttributes(app)['_dd.appsec.fp.http.order'] ?? '',
    },
    { kind: 'value', attribute: 'appsec.fingerprint.endpoint.query_hash', value: '0c1d2e3f' },
    { kind: 'value', attribute: 'appsec.fingerprint.endpoint.body_hash', value: '1a2b3c4d' },
    { kind: 'absent', attribute: 'http.request.headers.sec-fetch-site' },
    { kind: 'absent', attribute: 'http.request.headers.x-requested-by' },
    { kind: 'present', attribute: 'http.request.headers.x-app-version' },
    { kind: 'shape', attribute: 'http.useragent', value: 'ShopApp/# okhttp/#' },
    { kind: 'product', attribute: 'http.useragent', value: 'okhttp' },
  ]
  const others: readonly Client[] = [browser(141), browser(140, 'de-DE'), script, clone, app.toReversed()]
  const wafClock = { nowMs: () => 0, monotonicNs: () => 0 }
  const clientOf = (client: Client) =>
    decodeClientTraits(encodeClientTraits(clientTraits(clientAttributes(client))) ?? '')

  test.each(traits)('$kind of $attribute: search, query and WAF rule agree on every client', (trait) => {
    const query = parse(clusterQuery([trait], 'service:shop'))
    const made = clusterRule([trait])
    if ('problem' in made) throw new Error(made.problem)
    const waf = compileRuleset({ version: '2.2', rules: [{ ...made.rule, id: 'a', name: 'a' }] }, { clock: wafClock })
    expect(Object.keys(waf.diagnostics)).not.toContain('error')
    let matched = 0
    for (const client of [app, ...others]) {
      const isIn = hasTraits(clientOf(client), [trait])
      matched += isIn ? 1 : 0
      expect(match(query, attempt(client, 'failure', 0))).toBe(isIn)
      const context = waf.createContext()
      const { events } = context.run({
        persistent: {
          'server.request.headers.no_cookies': Object.fromEntries(client),
          '_dd.appsec.fp.http.order': clientAttributes(client)['_dd.appsec.fp.http.order'],
          '_dd.appsec.fp.http.endpoint': clientAttributes(client)['_dd.appsec.fp.http.endpoint'],
        },
      })
      context.dispose()
      expect(events.length > 0).toBe(isIn)
    }
    expect(hasTraits(clientOf(app), [trait])).toBe(true)
    expect(matched).toBeLessThanOrEqual(others.length + 1)
    expect(traitOf(attributeOf(trait), 'x')).toEqual(trait)
  })

  test('text of attackers stands for itself in regexes and queries', () => {
    const hostile = 'a.*(b)[c]{2}|^$\\ "d" OR *? #'
    const trait: Trait = { kind: 'value', attribute: 'http.useragent', value: hostile }
    const record = attempt(
      [
        ['host', 'a'],
        ['user-agent', hostile],
      ],
      'failure',
      0,
    )
    const other = attempt(
      [
        ['host', 'a'],
        ['user-agent', 'aXXbc'],
      ],
      'failure',
      0,
    )
    const shape: Trait = { kind: 'shape', attribute: 'http.useragent', value: 'a.*(b)[c]{#}|^$\\ "d" OR *? #' }
    for (const one of [trait, shape]) {
      const query = parse(clusterQuery([one], ''))
      expect(match(query, record)).toBe(true)
      expect(match(query, other)).toBe(false)
      expect(new RegExp(attributeOf(one).regex ?? '').test(hostile)).toBe(true)
    }
  })

  test('what no tracer feeds to its rules is said, and so is a value too long to compare', () => {
    expect(clusterRule([{ kind: 'value', attribute: 'network.client.asn', value: '64500' }])).toEqual({
      problem: 'no tracer feeds @network.client.asn to its rules',
    })
    const long = { kind: 'value', attribute: 'http.useragent', value: 'ä'.repeat(300) } as const
    expect(clusterRule([long])).toEqual({ problem: 'the value of @http.useragent is longer than 512 bytes' })
    expect(clusterRule([])).toHaveProperty('problem')
  })

  test('a regex of one’s own is refused', () => {
    expect(() => traitOf({ attribute: '@http.useragent', value: null, absent: false, regex: '(' }, 'a[0]')).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', message: expect.stringContaining('a[0].regex') }),
    )
  })
})
