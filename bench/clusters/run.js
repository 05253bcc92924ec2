/**
 * How well clusters tell attackers from people, on labelled traffic (bench/traffic): precision, recall and F1 of
 * membership, collateral, and the share of the attack stopped from the first cluster on, next to what is done without.
 * `node bench/clusters/run.js [--quick] [--seed N] [--json]` after `npm run build`.
 */
import { findClusters } from '../../dist/collector/cluster/find-clusters.js'
import { hasTraits } from '../../dist/collector/cluster/trait.js'
import { attackAmong, createReader, ordinary, withLess } from './events.js'
import { baselineOf, observe } from './observe.js'
import { perAddress, topUserAgent, topUserAgentAndNetwork } from './peers.js'

const dayMs = 86_400_000
const hourMs = 3_600_000
const halfLifeMs = 600_000
const looks = 12
const seed = Number(process.argv[process.argv.indexOf('--seed') + 1]) || 1
const quick = process.argv.includes('--quick')
const startMs = Date.parse('2026-03-04T14:00:00Z')
const days = 3
const loginsPerDay = 20_000

const scenarios = [
  { name: 'fixed tool', campaign: 'distributed' },
  { name: 'fixed tool, a plain library', campaign: 'distributed, 300 attempts' },
  { name: 'user agents rotated', campaign: 'distributed, user agents rotated' },
  { name: 'two tools', campaign: 'distributed, two tools' },
  { name: 'tool changed', campaign: 'distributed, tool changed' },
  { name: 'clone of the app, a header missing', campaign: 'clone of the app, a header missing' },
  { name: 'clone of the app, another order', campaign: 'clone of the app, another order' },
  { name: 'the app itself', campaign: 'the app itself', trait: false },
  { name: 'real phones', campaign: 'real phones', trait: false },
  { name: 'fixed tool, an earlier wave in the baseline', campaign: 'distributed', wave: 4_000 },
  { name: 'fixed tool, seen by a Datadog tracer', campaign: 'distributed', datadog: true },
  {
    name: 'user agents rotated, seen by a Datadog tracer',
    campaign: 'distributed, user agents rotated',
    datadog: true,
  },
]
const grid = quick
  ? [
      [0.05, 300],
      [0.5, 300],
      [0.95, 3_000],
    ]
  : [
      ...[0.05, 0.1, 0.25, 0.5, 0.95].map((share) => [share, 300]),
      ...[0.05, 0.5].map((share) => [share, 3_000]),
      [0.5, 30_000],
      [0.95, 100_000],
    ]

const reader = createReader()
const all = [...ordinary({ reader, seed, fromMs: startMs - days * dayMs, toMs: startMs + dayMs / 2, loginsPerDay })]
const before = all.filter(({ atMs }) => atMs < startMs - 600_000)
const pool = all.filter(({ atMs }) => atMs >= startMs)
const perMinute = 10 * (loginsPerDay / 1_440)

function baselineFor({ wave = 0, campaign: name, datadog = false }) {
  const events = [...before]
  if (wave > 0) {
    const fromMs = startMs - 9 * hourMs
    events.push(...attackAmong({ reader, seed: seed + 1, fromMs, name, attempts: wave, share: 0.99, pool, perMinute }))
  }
  const seen = datadog ? events.map(withLess) : events
  return { events: seen, counts: baselineOf(seen, startMs - dayMs, startMs - 600_000, 24) }
}

function judge(scenario, share, attempts) {
  const { campaign: name, datadog = false } = scenario
  const made = attackAmong({ reader, seed, fromMs: startMs, name, attempts, share, pool, perMinute })
  const events = datadog ? made.map(withLess) : made
  const baseline = baselineFor(scenario)
  const lengthMs = events.at(-1).atMs - startMs + 1
  const day = { events: baseline.events.filter(({ atMs }) => atMs >= startMs - dayMs), share: (ms) => ms / dayMs }
  const peers = {
    'top user agent': topUserAgent(day),
    'top (user agent, network)': topUserAgentAndNetwork(day),
    'each address': perAddress(),
  }
  const score = { clusters: tally(), ...Object.fromEntries(Object.keys(peers).map((peer) => [peer, tally()])) }
  const used = new Map()
  let clusters = []
  let next = 0
  let slowestMs = 0
  for (let look = 1; look <= looks; look++) {
    const nowMs = startMs + (lengthMs * look) / looks
    const some = []
    for (; next < events.length && events[next].atMs <= nowMs; next++) some.push(events[next])
    for (const event of some) {
      const isIn = matcher(clusters)(event)
      count(score.clusters.stopped, event, isIn)
      for (const [peer, { stops, tell }] of Object.entries(peers)) {
        count(score[peer].stopped, event, stops(event))
        tell(event)
      }
    }
    const observations = observe(events, baseline.counts, nowMs, halfLifeMs)
    const startedMs = performance.now()
    clusters = findClusters({
      observations,
      timeScale: (nowMs - startMs) / dayMs,
      narrow: false,
      feeds: { fingerprints: !datadog },
      known: clusters.map(({ traits }) => traits),
    })
    slowestMs = Math.max(slowestMs, performance.now() - startedMs)
    for (const peer of Object.values(peers)) peer.decide(nowMs - startMs)
    const isIn = matcher(clusters)
    for (const event of some) {
      count(score.clusters.member, event, isIn(event))
      for (const [peer, { stops }] of Object.entries(peers)) count(score[peer].member, event, stops(event))
    }
    for (const cluster of clusters) used.set(JSON.stringify(cluster.traits), cluster)
  }
  const ever = matcher([...used.values()])
  const past = datadog ? before.map(withLess) : before
  score.clusters.collateral = past.filter(ever).length / past.length
  score['top user agent'].collateral = past.filter(peers['top user agent'].stops).length / past.length
  score['top (user agent, network)'].collateral =
    past.filter(peers['top (user agent, network)'].stops).length / past.length
  score['each address'].collateral = past.filter(peers['each address'].stops).length / past.length
  return { score, clusters, tools: used.size, slowestMs }
}

function matcher(clusters) {
  const known = new Map()
  return ({ traits }) => {
    let found = known.get(traits)
    if (found === undefined) {
      found = clusters.some((cluster) => hasTraits(traits.client, cluster.traits))
      known.set(traits, found)
    }
    return found
  }
}

function tally() {
  const none = () => ({ hit: 0, missed: 0, wrong: 0, right: 0 })
  return { member: none(), stopped: none(), collateral: 0 }
}

function count(into, { label }, isIn) {
  if (label !== null) into[isIn ? 'hit' : 'missed']++
  else into[isIn ? 'wrong' : 'right']++
}

const ratio = (part, whole) => (whole === 0 ? 0 : part / whole)

function figures({ member, stopped, collateral }) {
  const precision = ratio(member.hit, member.hit + member.wrong)
  const recall = ratio(member.hit, member.hit + member.missed)
  return {
    precision,
    recall,
    f1: ratio(2 * precision * recall, precision + recall),
    collateral,
    stopped: ratio(stopped.hit, stopped.hit + stopped.missed),
    peopleStopped: ratio(stopped.wrong, stopped.wrong + stopped.right),
  }
}

const rows = []
const percent = (value, digits = 1) => `${(100 * value).toFixed(digits)} %`
process.stdout.write(`${before.length} logins before, ${pool.length} to draw from, seed ${seed}\n`)
for (const scenario of scenarios) {
  process.stdout.write(`\n${scenario.name}\n`)
  for (const [share, attempts] of grid) {
    const { score, clusters, tools, slowestMs } = judge(scenario, share, attempts)
    const own = figures(score.clusters)
    const others = Object.fromEntries(
      Object.entries(score).flatMap(([name, one]) => (name === 'clusters' ? [] : [[name, figures(one)]])),
    )
    rows.push({
      scenario: scenario.name,
      trait: scenario.trait !== false,
      share,
      attempts,
      ...own,
      tools,
      slowestMs,
      others,
    })
    const beside = Object.values(others).map(({ f1, collateral }) => `${f1.toFixed(2)} at ${percent(collateral, 1)}`)
    process.stdout.write(
      `  ${percent(share, 0).padStart(5)} of ${String(attempts).padStart(6)}: F1 ${own.f1.toFixed(3)} precision ${own.precision.toFixed(3)} recall ${own.recall.toFixed(3)} collateral ${percent(own.collateral, 3)} stopped ${percent(own.stopped)} clusters ${clusters.length} (${tools}) ${slowestMs.toFixed(0)} ms; F1 and collateral of top user agent, with network, each address: ${beside.join(', ')}\n`,
    )
  }
}
reader.stop()
const withTrait = rows.filter(({ trait }) => trait)
const without = rows.filter(({ trait }) => !trait)
const least = (values) => Math.min(...values)
process.stdout.write(
  `\nwith a trait: ${withTrait.length} runs, F1 ${least(withTrait.map(({ f1 }) => f1)).toFixed(3)} at least, collateral ${percent(Math.max(...withTrait.map(({ collateral }) => collateral)), 3)} at most\n` +
    `without: ${without.length} runs, ${without.filter(({ tools }) => tools > 0).length} of them with a cluster\n`,
)
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows)}\n`)
