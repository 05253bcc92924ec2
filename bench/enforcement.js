/**
 * Goal 12 (spec/performance.md, issue 6): from the login that crosses a threshold to its address being blocked in every
 * one of many connected tracers. `node bench/enforcement.js [--tracers 100] [--attacks 20]` after `npm run build`.
 * A collector in a process of its own; in this one the parts of our tracer that follow remote configuration, as often as
 * asked for: each polls, takes the denylist over and is asked about the address. The attack goes through the agent listener.
 */
import { parseArgs } from 'node:util'
import { randomUUID } from 'node:crypto'
import { connectAgent } from '../dist/tracer/agent-connection.js'
import { createDenylistCompiler } from '../dist/tracer/denylist/denylist-compiler.js'
import { listRuleset } from '../dist/tracer/list-ruleset.js'
import { ProtectionControl } from '../dist/tracer/protection.js'
import { remoteControl } from '../dist/tracer/remote-control.js'
import { createRemoteConfigClient } from '../dist/tracer/remote-config/remote-config-client.js'
import { wafClock } from '../dist/tracer/waf-clock.js'
import { compileRuleset } from '../dist/waf/compile-ruleset.js'
import { startCollector } from './support/collector-process.js'
import { percentile } from './support/percentile.js'
import { sendEvents } from './traffic/send.js'
import { createTracedService } from './traffic/to-span.js'
import { tools } from './traffic/tools.js'

const { values } = parseArgs({
  options: { tracers: { type: 'string', default: '100' }, attacks: { type: 'string', default: '20' } },
})
const service = 'shop'
const env = 'prod'
const patienceMs = 30_000
const clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
const engineClock = wafClock(clock)

/** The parts of a tracer that obey; `onApplied` is called whenever something was taken over. */
function startTracer(agentUrl, onApplied) {
  const warn = (problem) => console.error(`tracer: ${problem.message}`)
  const lists = createDenylistCompiler({ clock, onBadItem: () => {} })
  const protection = new ProtectionControl({
    compile: (ruleset, options) => compileRuleset(ruleset, { ...options, clock: engineClock }),
    compileOptions: {},
    ruleset: () => listRuleset,
    fallback: () => listRuleset,
    denylist: { size: 0, check: () => ({ blocked: false, passlisted: false }) },
    blocking: true,
    wafBudgetUs: 5_000,
    warn,
  })
  protection.switchOn()
  const control = remoteControl({ protection, lists, local: true, ownRules: false, autoUserMode: 'identification' })
  const client = createRemoteConfigClient({
    connection: connectAgent(agentUrl, clock),
    clock,
    random: Math.random,
    identity: {
      runtimeId: randomUUID(),
      tracerVersion: '0.1.0',
      service,
      env,
      appVersion: '1',
      tags: ['portcullis:1'],
    },
    pollIntervalMs: 5_000,
    subscription: control.subscription,
    async apply(changes) {
      const outcomes = await control.apply(changes)
      onApplied()
      return outcomes
    },
    warn,
  })
  client.start()
  return {
    blocks: (ip) => lists.denylist.check({ ip, claimed: false }, Date.now() / 1_000).blocked,
    stop: () => client.stop(),
  }
}

const collector = await startCollector({ RESPONSE_AUTOMATION: 'on', CLIENT_IP_VERIFIED: '*' })
const traced = createTracedService({ service, env })
const waiting = { ip: '', times: [], startedMs: 0 }
const tracers = []
const look = (index) => {
  if (waiting.ip !== '' && waiting.times[index] === undefined && tracers[index]?.blocks(waiting.ip)) {
    waiting.times[index] = performance.now() - waiting.startedMs
  }
}
for (let index = 0; index < Number(values.tracers); index++) {
  tracers.push(startTracer(collector.agentUrl, () => look(index)))
}

const random = { pick: ([first]) => first, below: () => 0, next: () => 0 }
/** Logins of its own for each address: those that several try are a list, which another rule knows at once. */
function attempts(ip, count, from = 0) {
  return Array.from({ length: count }, (_none, index) => {
    const login = `stolen${from + index}.${ip}@mail.example`
    return {
      atMs: Date.now(),
      outcome: 'failure',
      login,
      exists: false,
      ip,
      headers: tools.python.headers({ random, login }),
    }
  })
}

try {
  await untilConnected()
  const all = []
  for (let attack = 0; attack < Number(values.attacks); attack++) {
    const ip = `203.0.${113 + (attack >> 7)}.${1 + (attack & 127)}`
    await sendEvents({ agentUrl: collector.agentUrl, service: traced, events: attempts(ip, 30) })
    // The thirty before are judged; the next one crosses.
    await pause(1_500 + 500 * Math.random())
    Object.assign(waiting, { times: [], startedMs: performance.now(), ip })
    await sendEvents({ agentUrl: collector.agentUrl, service: traced, events: attempts(ip, 1, 30) })
    const limit = performance.now() + patienceMs
    while (waiting.times.filter((time) => time !== undefined).length < tracers.length && performance.now() < limit)
      await pause(5)
    const found = tracers.map((_tracer, index) => waiting.times[index] ?? Infinity)
    waiting.ip = ''
    all.push(...found)
    console.error(
      `attack ${attack + 1}: first ${Math.min(...found).toFixed(0)} ms, last ${Math.max(...found).toFixed(0)} ms`,
    )
  }
  const late = all.filter((time) => time === Infinity).length
  console.log(`${tracers.length} tracers, ${values.attacks} attacks: crossing sent → blocked in a tracer`)
  console.log(
    `p50 ${percentile(all, 50)} ms, p95 ${percentile(all, 95)} ms, p99 ${percentile(all, 99)} ms, never ${late} (aim: p95 < 2,000 ms)`,
  )
} finally {
  await Promise.all(tracers.map((tracer) => tracer.stop()))
  await traced.stop()
  await collector.stop()
}

async function untilConnected() {
  for (let tries = 0; tries < 200; tries++) {
    const { items } = await collector.api('GET', '/api/services')
    const connected = items.flatMap(({ tracers: of = [] }) => of).filter(({ connected: is }) => is).length
    if (connected >= tracers.length) return
    await pause(100)
  }
  throw new Error('the tracers did not connect')
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
