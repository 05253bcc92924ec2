// CPU added to a request by each tracer, on Express and Fastify, as ratios in one run (goal 8).
// Usage: npm run build && npm install --prefix bench --ignore-scripts
//        node bench/overhead/run.js [--rounds 8] [--requests 2000] [--variants bare,portcullis,…]
// Variants: bare, portcullis, portcullis-recommended (with the ruleset of dd-trace), portcullis-no-waf, dd-trace,
// dd-trace-appsec, aikido. Before any time is taken each shows what it stops and what it sees.
import { fork } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    requests: { type: 'string', default: '2000' },
    frameworks: { type: 'string', default: 'express,fastify' },
    variants: { type: 'string', default: 'bare,portcullis,portcullis-recommended,dd-trace,dd-trace-appsec,aikido' },
  },
})
const rounds = Number(values.rounds)
const perRound = Number(values.requests)
const variants = values.variants.split(',')
const load = createRequire(import.meta.url)
/** Enough that a server always has something to do. */
const CONNECTIONS = 64
/** While it is set the client never sleeps: the kernel books it on the server to wake it, and more often on a slower one. */
let awake = false

const browser = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en-GB,en;q=0.9',
  'accept-encoding': 'gzip, deflate, br',
  referer: 'https://shop.example/',
  'x-forwarded-for': '203.0.113.7',
}
const workloads = {
  'GET /users/:id': { method: 'GET', path: '/users/42?page=2&sort=name', headers: browser },
  'POST /login': {
    method: 'POST',
    path: '/login',
    headers: { ...browser, 'content-type': 'application/json' },
    body: JSON.stringify({ login: 'ada@example.com', password: 'right-ada@example.com', remember: true }),
  },
}

/** Requests before the first round, so that what is measured is compiled. */
const WARM_UP = 5000
/** Longest that a tracer waits before it ships a span, in milliseconds. */
const SHIPPED_WITHIN_MS = 4000

const attacks = {
  'rule that blocks': { path: '/users/42', headers: { ...browser, 'user-agent': 'dd-test-scanner-log-block' } },
  'SQL injection': { path: "/users/42?page=1'%20UNION%20SELECT%20name,password%20FROM%20users--%20", headers: browser },
  'path traversal': { path: '/files?name=../../../../../../etc/passwd', headers: browser },
}
/** What a variant must do to be compared: a status, or an event on a span. */
const protects = {
  portcullis: ['SQL injection', 'seen'],
  'portcullis-recommended': ['rule that blocks', 403],
  'dd-trace-appsec': ['rule that blocks', 403],
  aikido: ['path traversal', 500],
}

/** Called with each payload of spans. */
let onPayload = () => {}
const agent = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => onPayload(Buffer.concat(chunks)))
  response.setHeader('content-type', 'application/json')
  response.end(request.url === '/info' ? '{"endpoints":["/v0.4/traces"]}' : '{"rate_by_service":{}}')
})
await new Promise((resolve) => agent.listen(0, '127.0.0.1', resolve))
const agentUrl = `http://127.0.0.1:${agent.address().port}`

for (const name of ['express', 'fastify', 'dd-trace', '@aikidosec/firewall', 'autocannon'])
  console.log(name, versionOf(name))
console.log(`node ${process.version}, ${rounds} rounds of ${perRound} requests, CPU time of the server process`)

for (const framework of values.frameworks.split(',')) {
  const servers = await Promise.all(variants.map((variant) => open(framework, variant)))
  await sameAnswers(servers)
  for (const server of servers) await showProtection(framework, server)
  for (const [name, workload] of Object.entries(workloads)) {
    const figures = new Map(variants.map((variant) => [variant, []]))
    for (const server of servers) await measure(server, workload, WARM_UP)
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) figures.get(server.variant).push(await measure(server, workload, perRound))
    }
    print(`${framework} ${name}`, figures)
  }
  for (const { child } of servers) child.disconnect()
}
agent.closeAllConnections()
agent.close()

async function open(framework, variant) {
  const child = fork(fileURLToPath(new URL('server.cjs', import.meta.url)), [framework, variant, agentUrl])
  const { port } = await message(child)
  return { variant, child, url: `http://127.0.0.1:${port}` }
}

function versionOf(name) {
  try {
    const path = load.resolve
      .paths(name)
      .map((folder) => `${folder}/${name}/package.json`)
      .find(existsSync)
    return JSON.parse(readFileSync(path, 'utf8')).version
  } catch {
    return 'not installed'
  }
}

function message(child) {
  return new Promise((resolve, reject) => {
    const ended = (code) => reject(new Error(`a server ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (said) => {
      child.off('exit', ended)
      resolve(said)
    })
  })
}

async function cpu(child) {
  const answer = message(child)
  child.send('cpu')
  const { user, system } = (await answer).cpu
  return user + system
}

function stayAwake() {
  if (awake) setImmediate(stayAwake)
}

/** Microseconds of CPU a request. */
async function measure({ child, url }, { path, ...request }, amount) {
  const before = await cpu(child)
  awake = true
  stayAwake()
  const { errors, non2xx } = await autocannon({
    url: url + path,
    ...request,
    amount,
    connections: CONNECTIONS,
    timeout: 60,
  })
  awake = false
  if (errors + non2xx > 0) throw new Error(`${errors} requests without an answer, ${non2xx} refused`)
  return ((await cpu(child)) - before) / amount
}

/** Ratios of servers that do not do the same work would say nothing. */
async function sameAnswers(servers) {
  for (const { path, ...request } of Object.values(workloads)) {
    const answers = await Promise.all(servers.map(async ({ url }) => (await fetch(url + path, request)).text()))
    if (new Set(answers).size !== 1) throw new Error(`the variants answer differently: ${answers.join(' | ')}`)
  }
}

/** Says what becomes of each attack; a variant that does not do what it is there for would be measured for nothing. */
async function showProtection(framework, { variant, url }) {
  const verdicts = {}
  for (const [name, { path, headers }] of Object.entries(attacks)) {
    let seen = false
    const shipped = new Promise((resolve) => {
      const timer = setTimeout(resolve, variant === 'bare' || variant === 'aikido' ? 0 : SHIPPED_WITHIN_MS)
      onPayload = (bytes) => {
        if (!bytes.includes('_dd.appsec.json')) return
        seen = true
        clearTimeout(timer)
        resolve()
      }
    })
    const { status } = await fetch(url + path, { headers })
    await shipped
    verdicts[name] = seen ? [status, 'seen'] : [status]
  }
  onPayload = () => {}
  const [attack, wanted] = protects[variant] ?? []
  console.log(
    `${framework} ${variant}:`,
    Object.entries(verdicts)
      .map(([name, said]) => `${name} ${said.join(' ')}`)
      .join(', '),
  )
  if (attack !== undefined && !verdicts[attack].includes(wanted)) throw new Error(`${variant} does not protect`)
}

function print(title, figures) {
  const minimum = (list) => Math.min(...list)
  const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
  const bare = figures.get('bare')
  const own = figures.get('portcullis')
  console.log(`\n${title}`)
  for (const [variant, list] of figures) {
    const added = minimum(list) - minimum(bare)
    const toBare = (median(list) / median(bare)).toFixed(2)
    const isPeer = variant.startsWith('dd') || variant === 'aikido'
    const ownAdds = own ? minimum(own) - minimum(bare) : 0
    const toOwn = isPeer && ownAdds > 0 ? `, ${(added / ownAdds).toFixed(1)} × what portcullis adds` : ''
    console.log(
      `  ${variant.padEnd(16)} min ${minimum(list).toFixed(1)} µs, median ${median(list).toFixed(1)} µs, ${toBare} × bare, adds ${added.toFixed(1)} µs${toOwn}`,
    )
  }
}
