/**
 * Goal 9 (spec/performance.md): looking an address up in a denylist, against `ip_match` of libddwaf.
 * `node --expose-gc bench/denylist.js [entries …]` after `npm run build`; by default 10000 100000 1000000.
 */
import { createRequire } from 'node:module'
import { addressTable, emptyAddressTable, updateAddressTable } from '../dist/net/address-table.js'
import { compare, createRandom, machine, printTable } from './support/compare.js'

const require = createRequire(import.meta.url)
const { DDWAF } = require('@datadog/native-appsec')
const peerVersion = require('@datadog/native-appsec/package.json').version

const NOW = 1_800_000_000
const PROBES = 20_000
/** A round of ours takes about as long as one of the peer's. */
const OUR_TURNS = 30

/** A tenth are /24, a tenth IPv6 /64; the rest single IPv4 addresses. */
function createList(count, random) {
  return Array.from({ length: count }, () => {
    const kind = random() % 10
    const value = kind === 0 ? v4(random).replace(/\.\d+$/, '.0/24') : kind === 1 ? `${v6(random)}::/64` : v4(random)
    return { value, expiration: NOW + (random() % 100_000) + 1 }
  })
}

function v4(random) {
  const high = random()
  const low = random()
  return `${high >>> 24}.${(high >>> 16) & 255}.${low >>> 24}.${(low >>> 16) & 255}`
}

function v6(random) {
  const group = () => (random() >>> 16).toString(16)
  return `2${(random() >>> 28).toString(16)}0${(random() >>> 28).toString(16)}:${group()}:${group()}:${group()}`
}

/** Half of the addresses asked for are listed, as in an attack; a tenth are IPv6. */
function createProbes(list, random) {
  return Array.from({ length: PROBES }, () => {
    if (random() % 2 === 0) {
      const { value } = list[random() % list.length]
      return value.replace(/\.0\/24$/, '.7').replace('::/64', '::7')
    }
    return random() % 10 === 0 ? `${v6(random)}::7` : v4(random)
  }).map(fresh)
}

/** A string of its own, as one read from a socket is, and not a view of the list's. */
const fresh = (text) => Buffer.from(text).toString('latin1')

function createPeer(list) {
  const ruleset = {
    version: '2.2',
    metadata: { rules_version: '1' },
    rules: [
      {
        id: 'blk',
        name: 'blk',
        tags: { type: 'block_ip', category: 'security_response' },
        conditions: [
          { operator: 'ip_match', parameters: { inputs: [{ address: 'http.client_ip' }], data: 'blocked_ips' } },
        ],
      },
    ],
    rules_data: [{ id: 'blocked_ips', type: 'ip_with_expiration', data: list }],
  }
  const waf = new DDWAF(ruleset, 'rules')
  return {
    has(ip) {
      const context = waf.createContext()
      const { events } = context.run({ persistent: { 'http.client_ip': ip } }, 1e6)
      context.dispose()
      return events !== undefined && events.length > 0
    },
    dispose: () => waf.dispose(),
  }
}

/**
 * Builds in slices, as the tracer does. The slices of a build are always the same, so the time of each is the least of
 * several builds: what is left is the work and not the scheduler.
 */
function buildInSlices(base, changes, builds = 5) {
  let least = []
  let table
  for (let turn = 0; turn < builds; turn++) {
    const build = updateAddressTable(base, changes)
    const pauses = []
    for (let done = false; !done;) {
      const before = performance.now()
      const step = build.next()
      pauses.push(performance.now() - before)
      if (step.done) table = step.value
      done = step.done
    }
    least = pauses.map((pause, at) => Math.min(pause, least[at] ?? Infinity))
  }
  return { table, totalMs: least.reduce((sum, pause) => sum + pause, 0), worstMs: Math.max(...least) }
}

const residentMb = () => (globalThis.gc?.(), process.memoryUsage().rss / 1e6)

const rows = []
for (const count of (process.argv.length > 2 ? process.argv.slice(2) : [10_000, 100_000, 1_000_000]).map(Number)) {
  const random = createRandom(count)
  const list = createList(count, random)
  const probes = createProbes(list, random)
  const built = buildInSlices(emptyAddressTable, { added: list })
  const added = createList(1000, random)
  const changed = buildInSlices(built.table, { removed: list.slice(0, 1000).map(({ value }) => value), added })
  const before = residentMb()
  const peer = createPeer(list)
  const peerMb = residentMb() - before
  const disagreements = probes.filter((ip) => built.table.has(ip, NOW) !== peer.has(ip))
  if (disagreements.length > 0) throw new Error(`verdicts differ on ${disagreements.slice(0, 5).join(', ')}`)
  const { ours, theirs } = compare({
    ours: () => {
      for (let turn = 0; turn < OUR_TURNS; turn++) for (const ip of probes) built.table.has(ip, NOW)
      return OUR_TURNS * probes.length
    },
    theirs: () => {
      for (const ip of probes) peer.has(ip)
      return probes.length
    },
  })
  peer.dispose()
  rows.push({
    entries: count,
    'ours ns (median)': `${ours.leastNs.toFixed(0)} (${ours.medianNs.toFixed(0)})`,
    'ip_match ns (median)': `${theirs.leastNs.toFixed(0)} (${theirs.medianNs.toFixed(0)})`,
    ratio: (theirs.leastNs / ours.leastNs).toFixed(1),
    'ours MB': (built.table.bytes / 1e6).toFixed(1),
    'ip_match MB': peerMb.toFixed(0),
    'build ms': built.totalMs.toFixed(0),
    'worst slice ms': built.worstMs.toFixed(1),
    '±1000 ms': changed.totalMs.toFixed(0),
    'worst ms': changed.worstMs.toFixed(1),
  })
}
console.log(`${JSON.stringify(machine())}, @datadog/native-appsec ${peerVersion}`)
printTable(rows)
