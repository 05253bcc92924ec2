/**
 * Goals 1–6 (spec/performance.md): the rule engine with the recommended ruleset, against libddwaf through
 * `@datadog/native-appsec`. `node bench/waf.js` after `npm run build`; with `--re2js` on the engine in JavaScript.
 */
import Module, { createRequire } from 'node:module'
import { compare, machine, printTable } from './support/compare.js'

const require = createRequire(import.meta.url)
if (process.argv.includes('--re2js')) hide('re2')
const { compileRuleset } = await import('../dist/waf.js')
const { regexEngine } = await import('../dist/waf/regex.js')
const { DDWAF } = require('@datadog/native-appsec')
const peerVersion = require('@datadog/native-appsec/package.json').version
const ruleset = require('dd-trace/packages/dd-trace/src/appsec/recommended.json')

const PEER_TIMEOUT_US = 10_000_000
const WARM_UP_MS = 500
const COLD_BYTES = 8 << 20

const headers = {
  host: 'shop.example.com',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'accept-language': 'en-US,en;q=0.5',
  'accept-encoding': 'gzip, deflate, br',
  referer: 'https://shop.example.com/catalog?page=2',
  connection: 'keep-alive',
  'upgrade-insecure-requests': '1',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'same-origin',
}
const line = {
  'server.request.method': 'GET',
  'server.request.uri.raw': '/catalog/items?category=shoes&page=3&sort=price',
  'server.request.headers.no_cookies': headers,
  'http.client_ip': '203.0.113.9',
}
const get = { ...line, 'server.request.query': { category: 'shoes', page: '3', sort: 'price' } }
const fields = Object.fromEntries(
  Array.from({ length: 20 }, (_, index) => [`field${index}`, `some ordinary value number ${index}`]),
)
const post = { ...get, 'server.request.method': 'POST', 'server.request.body': fields }
const sqli = { ...line, 'server.request.query': { id: "1' union select password from users where '1'='1" } }
const xss = { ...line, 'server.request.query': { q: '"><script>alert(document.cookie)</script>' } }

/** About 93 kB of JSON, an order list, with an attack at the given place. */
function large(put = () => {}) {
  const items = Array.from({ length: 300 }, (_, index) => ({
    id: index,
    name: `article number ${index} in blue and green`,
    note: 'delivered with the morning post, please leave it at the door and ring once, thank you very much',
    tags: ['clothing', 'summer', 'sale', 'cotton'],
    price: { amount: index * 3.5, currency: 'EUR' },
    supplier: { name: 'Example Trading Company', country: 'Portugal', city: 'Porto' },
  }))
  const body = { order: 'A-1042', items }
  put(body)
  return body
}
const attack = "1' union select password from users --"
const deep = (levels) => {
  let value = attack
  for (let level = 0; level < levels; level++) value = { k: value }
  return value
}
const places = {
  'item 1': (body) => (body.items[1].note = attack),
  'item 290': (body) => (body.items[290].note = attack),
  'after 4,096 characters': (body) => (body.items[3].note = 'lorem ipsum '.repeat(400) + attack),
  'depth 18': (body) => (body.items[5].note = deep(16)),
}

const engines = {
  ours: compileRuleset(ruleset),
  uncached: compileRuleset(ruleset, { limits: { maxCleanTexts: 0 } }),
  theirs: new DDWAF(ruleset, 'recommended', {}),
}
const typesOf = (events) => (events ?? []).map((event) => event.rule.tags.type).join()

function runOurs(engine, persistent) {
  return engine.createContext().run({ persistent })
}
function runTheirs(persistent) {
  const context = engines.theirs.createContext()
  try {
    return context.run({ persistent }, PEER_TIMEOUT_US)
  } finally {
    context.dispose()
  }
}

function times(count, work) {
  return () => {
    for (let index = 0; index < count; index++) work()
    return count
  }
}

const rows = []
function add(goal, what, wanted, sides) {
  const { ours, theirs } = compare(sides, { warmUpMs: WARM_UP_MS })
  rows.push({
    goal,
    what,
    'ours µs': (ours.medianNs / 1000).toFixed(1),
    'theirs µs': (theirs.medianNs / 1000).toFixed(1),
    'ratio (median)': `${(theirs.medianNs / ours.medianNs).toFixed(1)}×`,
    'ratio (least)': `${(theirs.leastNs / ours.leastNs).toFixed(1)}×`,
    wanted,
  })
}

console.log('WAF, recommended ruleset', { ...machine(), peer: `native-appsec ${peerVersion}`, regexEngine })
for (const [name, request] of Object.entries({ get, post, sqli, xss })) {
  const [mine, other] = [typesOf(runOurs(engines.ours, request).events), typesOf(runTheirs(request).events)]
  if (mine !== other) throw new Error(`${name}: the verdicts differ: "${mine}" and "${other}"`)
}

for (const [goal, engine, wanted] of [
  [1, engines.uncached, { get: '≥ 30×', post: '≥ 20×' }],
  [2, engines.ours, { get: '≥ 80×', post: '≥ 35×' }],
]) {
  for (const [name, request] of Object.entries({ get, post }))
    add(goal, `benign ${name.toUpperCase()}${goal === 2 ? ', clean headers known' : ''}`, wanted[name], {
      ours: times(3000, () => runOurs(engine, request)),
      theirs: times(200, () => runTheirs(request)),
    })
}
for (const [name, request] of Object.entries({ sqli, xss }))
  add(3, `attack: ${name}`, '≥ 15×', {
    ours: times(2000, () => runOurs(engines.ours, request)),
    theirs: times(200, () => runTheirs(request)),
  })

for (const [name, request, wanted] of [
  ['GET', get, '≥ 15×'],
  ['POST', post, '≥ 8×'],
])
  rows.push(measureCold(name, request, wanted))

for (const [place, put] of Object.entries(places)) {
  const body = { 'server.request.body': large(put) }
  const [mine, other] = [typesOf(runOurs(engines.ours, body).events), typesOf(runTheirs(body).events)]
  rows.push({
    goal: 5,
    what: `attack in 93 kB: ${place}`,
    'ours µs': mine || 'missed',
    'theirs µs': other || 'missed',
    'ratio (median)': '',
    'ratio (least)': '',
    wanted: 'found',
  })
}
const whole = { 'server.request.body': large() }
add(5, `${Math.round(JSON.stringify(whole).length / 1000)} kB JSON, benign`, '≥ 12×', {
  ours: times(20, () => runOurs(engines.ours, whole)),
  theirs: times(5, () => runTheirs(whole)),
})

for (const size of [1, 10]) {
  const body = { 'server.request.body': Array.from({ length: size * 100 }, () => large().items[0]) }
  const { ours } = compare({ ours: times(20, () => runOurs(engines.ours, body)) }, { warmUpMs: WARM_UP_MS })
  rows.push({
    goal: 6,
    what: `${size}× the input`,
    'ours µs': (ours.leastNs / 1000).toFixed(1),
    'theirs µs': '',
    'ratio (median)': '',
    'ratio (least)': '',
    wanted: size === 1 ? '' : '≤ 12× the first',
  })
}
printTable(rows)

/** Lets a package seem not to be installed. */
function hide(name) {
  const load = Module._load
  Module._load = (wanted, ...rest) => {
    if (wanted === name) throw new Error(`${name} is hidden`)
    return load(wanted, ...rest)
  }
}

/** One run at a time, after reading as much memory as evicts what the caches hold. */
function measureCold(name, request, wanted) {
  const memory = new Uint8Array(COLD_BYTES)
  const sides = { ours: () => runOurs(engines.uncached, request), theirs: () => runTheirs(request) }
  const taken = { ours: [], theirs: [] }
  let sum = 0
  for (let round = 0; round < 300; round++)
    for (const [side, run] of Object.entries(sides)) {
      for (let at = 0; at < memory.length; at += 64) sum += memory[at]++
      const started = process.hrtime.bigint()
      run()
      taken[side].push(Number(process.hrtime.bigint() - started))
    }
  const [ours, theirs] = [taken.ours, taken.theirs].map((list) => list.sort((a, b) => a - b))
  if (sum < 0) throw new Error('the memory was not read')
  return {
    goal: 4,
    what: `benign ${name}, cold caches`,
    'ours µs': (ours[150] / 1000).toFixed(1),
    'theirs µs': (theirs[150] / 1000).toFixed(1),
    'ratio (median)': `${(theirs[150] / ours[150]).toFixed(1)}×`,
    'ratio (least)': `${(theirs[0] / ours[0]).toFixed(1)}×`,
    wanted,
  }
}
