/**
 * Prints labelled traffic, an event a line: `node bench/traffic/print.js [--seed 1] [--from 2026-03-02] [--days 1]
 * [--logins-per-day 20000] [--campaign 'distributed' …] [--attack-share 0.3] [--summary]` after `npm run build`.
 * Each campaign begins at ten in the morning of the first day, one after the other with two hours between; `--summary`
 * counts instead.
 */
import { parseArgs } from 'node:util'
import { campaigns } from './attackers.js'
import { createTraffic } from './traffic.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '2026-03-02' },
    days: { type: 'string', default: '1' },
    'logins-per-day': { type: 'string', default: '20000' },
    campaign: { type: 'string', multiple: true, default: [] },
    'attack-share': { type: 'string' },
    summary: { type: 'boolean', default: false },
  },
})
const unknown = values.campaign.find((name) => campaigns[name] === undefined)
if (unknown !== undefined) {
  console.error(`There is no campaign "${unknown}"; there are:\n${Object.keys(campaigns).join('\n')}`)
  process.exit(2)
}
const hourMs = 3_600_000
const fromMs = Date.parse(values.from)
let nextMs = fromMs + 10 * hourMs
const planned = values.campaign.map((name) => {
  const startMs = nextMs
  nextMs += campaigns[name].overMs + (campaigns[name].pause?.forMs ?? 0) + 2 * hourMs
  const share = values['attack-share']
  return { name, fromMs: startMs, ...(share === undefined ? {} : { attackShare: Number(share) }) }
})
const events = createTraffic({
  seed: Number(values.seed),
  fromMs,
  toMs: fromMs + Number(values.days) * 24 * hourMs,
  loginsPerDay: Number(values['logins-per-day']),
  campaigns: planned,
})

const counts = new Map()
for (const event of events) {
  if (!values.summary) {
    console.log(JSON.stringify(event))
    continue
  }
  const key = event.label ?? event.source
  const count = counts.get(key) ?? { attempts: 0, failures: 0, ips: new Set(), logins: new Set(), firstMs: event.atMs }
  counts.set(key, count)
  count.attempts++
  if (event.outcome === 'failure') count.failures++
  count.ips.add(event.ip)
  count.logins.add(event.login)
  count.lastMs = event.atMs
}
for (const [key, { attempts, failures, ips, logins, firstMs, lastMs }] of counts) {
  const minutes = Math.round((lastMs - firstMs) / 60_000)
  console.log(
    `${key}: ${attempts} attempts, ${failures} failures, ${ips.size} addresses, ${logins.size} logins, ${minutes} min`,
  )
}
