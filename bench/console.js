// Does the console stay smooth while an attack runs? A real collector takes `--rate` logins a second from 2,000 addresses;
// Chromium shows page after page, live. For each: the longest task, the longest gap between two frames, and the share of
// its time that the page's main thread works (processor time, so that a busy machine matters less).
// Then a signal with `--users` targeted users, while a hundred logins a second go on: how long its page and each further
// page of users take, the longest gap between two frames meanwhile, how many the export has, and the collector's memory.
//   npm run build && node bench/console.js [--seconds 12] [--rate 1000] [--users 500000] [--json]
// Needs Debian's chromium. Ends with 1 when a page has an error or the export is not whole.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { pack } from 'msgpackr'
import { chromium } from 'playwright-core'
import { startCollector } from './support/collector-process.js'
import { machine, printTable } from './support/compare.js'
import { percentile } from './support/percentile.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '12' },
    rate: { type: 'string', default: '1000' },
    users: { type: 'string', default: '500000' },
    json: { type: 'boolean' },
  },
})
const [seconds, rate, users] = [Number(values.seconds), Number(values.rate), Number(values.users)]
const beatMs = 250
/** Payloads that wait for their answer; an attack does not wait for the collector. */
const maxUnderWay = 16
/** More than this between two frames is seen. */
const seenMs = 100
const waitMs = 60_000
/** Detection may lag behind what comes faster than any attack. */
const catchUpMs = 300_000
/** Logins a second while a long list is read, and the pages that are read. */
const ongoingRate = 100
const pagesRead = 12
const failure = 'appsec.events.users.login.failure'

const collector = await startCollector({ RESPONSE_AUTOMATION: 'on' })
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
})
const faults = []
try {
  const context = await signIn()
  const live = rate === 0 ? [] : await lookAtAttack(context)
  const many = users === 0 ? undefined : await lookAtMany(context)
  if (values.json) process.stdout.write(`${JSON.stringify({ machine: machine(), live, many, faults })}\n`)
  else report(live, many)
} finally {
  await browser.close()
  await collector.stop()
}
process.exitCode = faults.length === 0 ? 0 : 1

async function signIn() {
  const { signInLink } = await collector.api('POST', '/api/users', { name: 'bench', role: 'admin' })
  const context = await browser.newContext({
    baseURL: collector.consoleUrl,
    viewport: { width: 1280, height: 860 },
  })
  context.setDefaultTimeout(waitMs)
  await context.request.post('/api/session', { data: { secret: new URL(signInLink).hash.slice(1) } })
  return context
}

/** Every page in turn, while the attack goes on. */
async function lookAtAttack(context) {
  const stop = new AbortController()
  const sending = attack(stop.signal)
  const signal = await firstSignal()
  const pages = ['/?from=now-15m', '/signals', `/signals/${signal.id}`, '/traces?from=now-15m&live=1', '/denylist']
  const rows = []
  for (const path of pages) rows.push({ path: path.replace(signal.id, ':id'), ...(await measure(context, path)) })
  stop.abort()
  const sent = await sending
  return rows.map((row) => ({ ...row, sent }))
}

async function measure(context, path) {
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(`${path}: ${error.message}`))
  await page.goto(path)
  await page.locator('main h1').waitFor()
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busy = async () =>
    (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value
  const before = await busy()
  const seen = await page.evaluate(watchFrames, { forMs: seconds * 1_000, seenMs })
  const share = ((await busy()) - before) / seconds
  await page.close()
  return { ...seen, share }
}

/** Runs in the page. */
async function watchFrames({ forMs, seenMs }) {
  const tasks = []
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
  observer.observe({ type: 'longtask' })
  const gaps = []
  const endMs = performance.now() + forMs
  let last = performance.now()
  while (last < endMs) {
    const now = await new Promise((resolve) => requestAnimationFrame(resolve))
    gaps.push(now - last)
    last = now
  }
  observer.disconnect()
  gaps.sort((a, b) => a - b)
  return {
    frames: gaps.length,
    typicalGapMs: gaps[Math.floor(gaps.length / 2)],
    longestGapMs: gaps.at(-1),
    seenGaps: gaps.filter((gap) => gap > seenMs).length,
    longTasks: tasks.length,
    longestTaskMs: Math.max(0, ...tasks),
  }
}

/** Logins at the rate, one in fifty right, until told to stop; resolves with how many a second were taken. */
async function attack(signal, perSecond = rate) {
  const startedMs = performance.now()
  let sent = 0
  let taken = 0
  let underWay = 0
  while (!signal.aborted) {
    const wanted = Math.floor(((performance.now() - startedMs) / 1_000) * perSecond)
    const count = Math.min(wanted - sent, perSecond)
    if (count > 0 && underWay < maxUnderWay) {
      underWay++
      const number = sent
      sent += count
      void send(Array.from({ length: count }, (_, index) => attempt(number + index, Date.now())))
        .then(() => (taken += count))
        .catch((error) => faults.push(error.message))
        .finally(() => underWay--)
    }
    await pause(beatMs)
  }
  return Math.round(taken / ((performance.now() - startedMs) / 1_000))
}

function attempt(number, atMs, login = `user${number % 40_000}@shop.example`) {
  const right = number % 50 === 7
  const event = right ? 'appsec.events.users.login.success' : failure
  const outcome = right ? { [`${event}.usr.id`]: `id-${login}` } : { [`${event}.usr.exists`]: 'true' }
  const id = BigInt(number + 1) * 1_000_003n
  return [
    {
      trace_id: id,
      span_id: id,
      parent_id: 0n,
      service: 'shop',
      name: 'web.request',
      resource: 'POST /login',
      type: 'web',
      start: BigInt(Math.round(atMs)) * 1_000_000n,
      duration: 2_000_000n,
      error: 0,
      meta: {
        env: 'prod',
        'http.method': 'POST',
        'http.status_code': right ? '200' : '401',
        'http.client_ip': `203.0.${Math.floor((number % 2_000) / 250)}.${(number % 250) + 1}`,
        'http.useragent': 'bench/1.0',
        'span.kind': 'server',
        '_dd.portcullis.ip_source': 'trusted',
        [`${event}.track`]: 'true',
        [`${event}.usr.login`]: login,
        ...outcome,
      },
      metrics: { '_dd.top_level': 1, _sampling_priority_v1: 2 },
    },
  ]
}

async function send(traces) {
  const reply = await fetch(new URL('/v0.4/traces', collector.agentUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/msgpack', 'x-datadog-trace-count': String(traces.length) },
    body: pack(traces),
  })
  await reply.arrayBuffer()
  if (!reply.ok) throw new Error(`the collector answered ${reply.status}`)
}

async function firstSignal() {
  for (;;) {
    const { items } = await collector.api('GET', '/api/signals?limit=100')
    const widest = items.toSorted((a, b) => b.targetedUsers - a.targetedUsers)[0]
    if (widest !== undefined) return widest
    await pause(beatMs)
  }
}

/** A campaign against as many accounts, each tried once. */
async function lookAtMany(context) {
  const each = 5_000
  for (let done = 0; done < users; done += each) {
    const nowMs = Date.now()
    await send(
      Array.from({ length: each }, (_, index) =>
        attempt(50 * (done + index), nowMs - index / 10, `account${done + index}@mail.example`),
      ),
    )
  }
  let signal = await firstSignal()
  for (let waited = 0; signal.targetedUsers < users && waited < catchUpMs; waited += beatMs) {
    await pause(beatMs)
    signal = await firstSignal()
  }
  const stop = new AbortController()
  const sending = attack(stop.signal, ongoingRate)
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(`many users: ${error.message}`))
  const startedMs = performance.now()
  await page.goto(`/signals/${signal.id}`)
  const table = page.getByRole('table', { name: 'Targeted users' })
  await table.locator('tr.line').first().waitFor({ timeout: catchUpMs })
  const shownMs = performance.now() - startedMs
  const frame = page.getByRole('group', { name: 'Targeted users', exact: true })
  const pagesMs = []
  const watched = page.evaluate(watchFrames, { forMs: seconds * 1_000, seenMs })
  for (let step = 0; step < pagesRead; step++) {
    const before = Number(await table.getAttribute('aria-rowcount'))
    const fromMs = performance.now()
    await frame.evaluate((element) => void (element.scrollTop = element.scrollHeight))
    while (Number(await table.getAttribute('aria-rowcount')) === before) await pause(10)
    pagesMs.push(performance.now() - fromMs)
  }
  const { longestGapMs } = await watched
  const shownRows = await table.locator('tr.line').count()
  await page.close()
  stop.abort()
  await sending
  const rssBefore = collector.rssMb()
  const exportedFromMs = performance.now()
  const reply = await context.request.get(`/api/signals/${signal.id}/users?format=csv`, { timeout: 10 * waitMs })
  const exported = await countLines(await reply.body())
  const exportMs = performance.now() - exportedFromMs
  // The logins that went on are of accounts that the signal may know by now.
  if (exported < users) faults.push(`the export has ${exported} of ${users} users`)
  return {
    targeted: signal.targetedUsers,
    shownMs,
    pagesMs,
    longestGapMs,
    shownRows,
    exported,
    exportMs,
    rssMb: { before: rssBefore, after: collector.rssMb() },
  }
}

/** Rows below the header. */
async function countLines(body) {
  const lines = createInterface({ input: Readable.from([body]) })
  let count = -1
  lines.on('line', () => count++)
  await once(lines, 'close')
  return count
}

function report(live, many) {
  const ms = (value) => `${value.toFixed(0)} ms`
  if (live.length > 0) {
    printTable(
      live.map((row) => ({
        page: row.path,
        'logins/s': row.sent,
        frames: row.frames,
        'typical gap': ms(row.typicalGapMs),
        'longest gap': ms(row.longestGapMs),
        [`gaps > ${seenMs} ms`]: row.seenGaps,
        'long tasks': row.longTasks,
        'longest task': ms(row.longestTaskMs),
        'thread busy': `${(row.share * 100).toFixed(1)} %`,
      })),
    )
  }
  if (many !== undefined) {
    process.stdout.write(
      `\n${many.targeted} targeted users: shown after ${ms(many.shownMs)}, further pages after ${ms(percentile(many.pagesMs, 50))} ` +
        `(p50), ${ms(percentile(many.pagesMs, 95))} (p95), longest gap ${ms(many.longestGapMs)}, ${many.shownRows} rows made, ` +
        `${many.exported} exported in ${ms(many.exportMs)}, collector ${many.rssMb.before} MB before, ${many.rssMb.after} MB after\n`,
    )
  }
  for (const fault of faults) process.stdout.write(`${fault}\n`)
}
