/**
 * What detection finds of labelled traffic, and what it says of ordinary traffic, beside rules that look at each address
 * alone (spec/detection.md 1.9, issue 6). `node bench/detection/run.js [--seed 1] [--logins-per-day 2000]
 * [--quiet-days 7] [--only <part of a campaign's name, or clean>] [--rules <part of an id>]` after `npm run build`.
 *
 * The traffic (../traffic) goes through the agent listener of a collector in a process of its own, as an import: a week to
 * learn from, quiet days with a day of resets, a broken release and a penetration test, then the campaigns one after the
 * other. The rules are back-tested over it through the API, which evaluates windows as detection does when live. What their
 * blocks of addresses would do is worked out from the labels: 12 hours, sparing addresses that three users logged in from in
 * the week before, as automation does; blocks by cluster are not.
 */
import { parseArgs } from 'node:util'
import { startCollector } from '../support/collector-process.js'
import { campaigns as known } from '../traffic/attackers.js'
import { sendEvents } from '../traffic/send.js'
import { createTracedService } from '../traffic/to-span.js'
import { createTraffic } from '../traffic/traffic.js'
import { baselines } from './baselines.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    'logins-per-day': { type: 'string', default: '2000' },
    'quiet-days': { type: 'string', default: '7' },
    only: { type: 'string', default: '' },
    rules: { type: 'string', default: '' },
  },
})
const hourMs = 3_600_000
const dayMs = 24 * hourMs
const weekMs = 7 * dayMs
/** How long automation blocks an address, and what the baselines are taken to do. */
const blockMs = 12 * hourMs
const learnDays = 7
const quietDays = Number(values['quiet-days'])
const loginsPerDay = Number(values['logins-per-day'])
const seed = Number(values.seed)

/** Campaigns stand apart by this much, so that what one leaves behind is over before the next. */
const apartMs = 3 * hourMs
let atMs = learnDays * dayMs + quietDays * dayMs + 9 * hourMs
const planned = Object.entries(known)
  .filter(([name]) => values.only !== 'clean' && name.includes(values.only))
  .map(([name, { overMs, pause }]) => {
    const fromMs = atMs
    atMs += overMs + (pause?.forMs ?? 0) + apartMs
    return { name, fromMs, toMs: atMs - apartMs }
  })
/** The traffic ends now, on a whole day of its own. */
const lengthMs = Math.ceil(atMs / dayMs) * dayMs
const beginMs = Math.floor(Date.now() / dayMs) * dayMs - lengthMs
const watchMs = beginMs + learnDays * dayMs
const plans = planned.map(({ name, fromMs, toMs }) => ({ name, fromMs: fromMs + beginMs, toMs: toMs + beginMs }))
const options = {
  seed,
  fromMs: beginMs,
  toMs: beginMs + lengthMs,
  loginsPerDay,
  people: 4 * loginsPerDay,
  resetDayMs: watchMs,
  brokenReleaseMs: watchMs + dayMs + 14 * hourMs,
  ...(quietDays > 1 ? { penetrationTestMs: watchMs + dayMs + 6 * hourMs } : {}),
  campaigns: plans.map(({ name, fromMs }) => ({ name, fromMs })),
}

const truth = new Map(plans.map(({ name }) => [name, { attempts: [], ips: new Set(), right: new Set() }]))
const ordinary = { attempts: 0, users: new Set(), byIp: new Map() }
const rivals = Object.entries(baselines).map(([name, create]) => ({
  name,
  sees: create(),
  caught: new Map(),
  harmed: new Set(),
}))
const pentestIps = new Set()

/** Keeps the books of an event as it is sent. */
function note(event) {
  const { label, source, outcome, ip, login } = event
  for (const rival of rivals) {
    if (outcome === 'failure') {
      if (rival.sees(event) && !rival.caught.has(ip)) rival.caught.set(ip, event.atMs)
    } else if (label === null && rival.caught.has(ip) && event.atMs - rival.caught.get(ip) < blockMs)
      rival.harmed.add(login)
  }
  if (source === 'penetration_test') pentestIps.add(ip)
  if (label === null) {
    ordinary.attempts++
    if (outcome === 'success') ordinary.users.add(login)
    const atIp = ordinary.byIp.get(ip) ?? []
    ordinary.byIp.set(ip, atIp)
    atIp.push({ atMs: event.atMs, login, outcome, source })
    return
  }
  const known = truth.get(label)
  known.attempts.push({ atMs: event.atMs, ip })
  known.ips.add(ip)
  if (outcome === 'success') known.right.add(login)
}

const collector = await startCollector()
const service = createTracedService()
try {
  const startedMs = performance.now()
  const sent = await sendEvents({
    agentUrl: collector.agentUrl,
    service,
    events: createTraffic(options),
    eachEvent: note,
  })
  const seconds = (ms) => `${((performance.now() - ms) / 1_000).toFixed(0)} s`
  console.error(`${sent} logins sent in ${seconds(startedMs)}`)
  const { items: rules } = await collector.api('GET', '/api/detection-rules')
  const found = []
  for (const { id, tags } of rules) {
    if (!tags.includes('category:account_takeover') || !id.includes(values.rules)) continue
    const ruleMs = performance.now()
    const { signals } = await collector.api('POST', '/api/detection-rules/test', {
      ruleId: id,
      from: watchMs,
      to: options.toMs,
      include: ['entities'],
    })
    found.push(...signals.map((signal) => ({ id, ...signal })))
    console.error(`${id}: ${signals.length} signals, ${seconds(ruleMs)}`)
  }
  report(found)
} finally {
  await service.stop()
  await collector.stop()
}

/** Which campaign a signal is of: the one that most of its addresses belong to, if it was under way. */
function sourceOf(signal) {
  const ips = new Set(signal.ips.map(({ ip }) => ip))
  let best
  for (const { name, fromMs, toMs } of plans) {
    if (Date.parse(signal.lastSeen) < fromMs || Date.parse(signal.firstSeen) > toMs) continue
    const shared = [...truth.get(name).ips].filter((ip) => ips.has(ip)).length
    if (shared > 0 && (best === undefined || shared > best.shared)) best = { name, shared }
  }
  if (best !== undefined) return best.name
  return [...pentestIps].some((ip) => ips.has(ip)) ? 'penetration test' : 'ordinary'
}

/** Addresses that automation blocks for these signals, and when; those of accounts it blocks from five failures on. */
function blocksOf(signals) {
  const blocks = new Map()
  const block = (ip, atMs) => {
    const before = (ordinary.byIp.get(ip) ?? []).filter(
      (one) => one.outcome === 'success' && one.atMs < atMs && one.atMs > atMs - weekMs,
    )
    if (new Set(before.map(({ login }) => login)).size >= 3) return
    blocks.set(ip, [...(blocks.get(ip) ?? []), atMs])
  }
  for (const { id, group, ips, firstCrossedAt } of signals) {
    const atMs = Date.parse(firstCrossedAt)
    if (id === 'credential-stuffing' || id === 'dictionary') block(group['http.client_ip'], atMs)
    if (id === 'brute-force')
      for (const { ip, attempts, successes } of ips) if (attempts >= 5 && successes === 0) block(ip, atMs)
  }
  return blocks
}

function isBlocked(blocks, ip, at) {
  return (blocks.get(ip) ?? []).some((from) => at > from && at < from + blockMs)
}

/** Ordinary users, without the penetration tester, who would have met a block. */
function harmedBy(blocks) {
  const harmed = new Set()
  for (const ip of blocks.keys())
    for (const { atMs: at, login, source } of ordinary.byIp.get(ip) ?? [])
      if (source !== 'penetration_test' && source !== 'forgotten_job' && isBlocked(blocks, ip, at)) harmed.add(login)
  return harmed
}

function report(signals) {
  const blocks = blocksOf(signals)
  const bySource = new Map()
  for (const signal of signals) {
    const source = sourceOf(signal)
    bySource.set(source, [...(bySource.get(source) ?? []), signal])
  }
  const percent = (part, whole) => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(0)} %`)
  const duration = (ms) => (ms < 100 * 60_000 ? `${Math.round(ms / 1_000)} s` : `${(ms / hourMs).toFixed(1)} h`)
  console.log(
    `Seed ${seed}, ${loginsPerDay} ordinary logins a day; ${learnDays} days to learn from, ${quietDays} quiet ones, then ${plans.length} campaigns.\n`,
  )
  console.log(
    `| campaign | attempts | found after | attempts by then | aim | stopped by address | by rules | compromised: named of true | precision | ${rivals.map(({ name }) => `${name}: found after attempts, stopped`).join(' | ')} |`,
  )
  console.log(`|---|---|---|---|---|---|---|---|---|${rivals.map(() => '---').join('|')}|`)
  const totals = { named: 0, takenOver: 0, listed: 0, truth: 0 }
  const taken = new Set([...truth.values()].flatMap(({ right }) => [...right]))
  for (const { name, fromMs, toMs } of plans) {
    const { attempts, right } = truth.get(name)
    const own = bySource.get(name) ?? []
    const crossedMs = Math.min(...own.map(({ firstCrossedAt }) => Date.parse(firstCrossedAt)))
    const till = attempts.filter((one) => one.atMs <= crossedMs).length
    const slow = toMs - fromMs > 6 * hourMs
    const aimed = own.length > 0 && (slow ? crossedMs - fromMs <= dayMs : till <= 300 || crossedMs - fromMs <= 60_000)
    const listed = new Set(own.flatMap(({ compromised = [] }) => compromised.map(({ usrLogin }) => usrLogin)))
    const named = [...right].filter((login) => listed.has(login)).length
    // A signal of a day tells of every campaign of that day.
    const takenOver = [...listed].filter((login) => taken.has(login)).length
    totals.named += named
    totals.truth += right.size
    totals.listed += listed.size
    totals.takenOver += takenOver
    const others = rivals.map(({ caught }) => {
      const first = attempts.findIndex(({ ip, atMs: at }) => at >= (caught.get(ip) ?? Infinity))
      const stopped = attempts.filter(({ ip, atMs: at }) => at > (caught.get(ip) ?? Infinity)).length
      return `${first < 0 ? 'never' : first + 1}, ${percent(stopped, attempts.length)}`
    })
    const stopped = attempts.filter(({ ip, atMs: at }) => isBlocked(blocks, ip, at)).length
    const rulesOf = [...new Set(own.map(({ id }) => id))].join(', ')
    const cells = own.length === 0 ? ['never', '–'] : [duration(crossedMs - fromMs), till]
    console.log(
      `| ${[name, attempts.length, ...cells, aimed ? 'met' : 'missed', percent(stopped, attempts.length), rulesOf, `${named} of ${right.size}`, percent(takenOver, listed.size), ...others].join(' | ')} |`,
    )
  }
  const wrong = bySource.get('ordinary') ?? []
  const days = lengthMs / dayMs - learnDays
  console.log(
    `\nCompromised accounts: recall ${percent(totals.named, totals.truth)} (aim 95 %), precision ${percent(totals.takenOver, totals.listed)} (aim 90 %).`,
  )
  console.log(`Signals of ordinary traffic: ${wrong.length} in ${days} days (aim: one a week, none that blocks).`)
  for (const { id, firstCrossedAt, severity, group, counts } of wrong.slice(0, 20)) {
    console.log(`- ${firstCrossedAt} ${id} ${severity} ${JSON.stringify(group)} ${JSON.stringify(counts)}`)
  }
  console.log(`Signals of the penetration test: ${(bySource.get('penetration test') ?? []).length}.`)
  const blocked = [...harmedBy(blocks)]
  console.log(
    `Ordinary users blocked, of ${ordinary.users.size}: ${blocked.length} (aim: none) ${blocked.slice(0, 5).join(' ')}`,
  )
  const harmed = rivals.map(({ name, harmed: users }) => `${name} ${users.size}`).join(', ')
  console.log(`Ordinary users locked out for 12 h by the rules of others, of ${ordinary.users.size}: ${harmed}.`)
}
