// CPU added to a request by each tracer, on Express and Fastify, as ratios in one run (goal 8).
// Usage: npm run build && npm install --prefix bench --ignore-scripts
//        node bench/overhead/run.js [--rounds 8] [--requests 5000] [--variants bare,portcullis,…]
// Variants: bare, portcullis, portcullis-no-waf, dd-trace, dd-trace-appsec, aikido.
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
    requests: { type: 'string', default: '5000' },
    frameworks: { type: 'string', default: 'express,fastify' },
    variants: { type: 'string', default: 'bare,portcullis,dd-trace,dd-trace-appsec,aikido' },
  },
})
const rounds = Number(values.rounds)
const amount = Number(values.requests)
const variants = values.variants.split(',')
const load = createRequire(import.meta.url)
/** Enough that answers leave in groups: waking the client for each would be booked on the slower server. */
const CONNECTIONS = 64

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

const agent = createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end(request.url === '/info' ? '{"endpoints":["/v0.4/traces"]}' : '{"rate_by_service":{}}')
})
await new Promise((resolve) => agent.listen(0, '127.0.0.1', resolve))
const agentUrl = `http://127.0.0.1:${agent.address().port}`

for (const name of ['express', 'fastify', 'dd-trace', '@aikidosec/firewall', 'autocannon'])
  console.log(name, versionOf(name))
console.log(`node ${process.version}, ${rounds} rounds of ${amount} requests, CPU time of the server process`)

for (const framework of values.frameworks.split(',')) {
  const servers = await Promise.all(variants.map((variant) => open(framework, variant)))
  await sameAnswers(servers)
  for (const [name, workload] of Object.entries(workloads)) {
    const figures = new Map(variants.map((variant) => [variant, []]))
    for (let round = -1; round < rounds; round++) {
      for (const server of servers) {
        const microseconds = await measure(server, workload)
        if (round >= 0) figures.get(server.variant).push(microseconds)
      }
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

/** Microseconds of CPU a request. */
async function measure({ child, url }, { path, ...request }) {
  const before = await cpu(child)
  const { errors, non2xx } = await autocannon({ url: url + path, ...request, amount, connections: CONNECTIONS })
  if (errors + non2xx > 0) throw new Error(`${errors + non2xx} requests failed`)
  return ((await cpu(child)) - before) / amount
}

/** Ratios of servers that do not do the same work would say nothing. */
async function sameAnswers(servers) {
  for (const { path, ...request } of Object.values(workloads)) {
    const answers = await Promise.all(servers.map(async ({ url }) => (await fetch(url + path, request)).text()))
    if (new Set(answers).size !== 1) throw new Error(`the variants answer differently: ${answers.join(' | ')}`)
  }
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
    const toOwn = isPeer && own ? `, ${(added / (minimum(own) - minimum(bare))).toFixed(1)} × what portcullis adds` : ''
    console.log(
      `  ${variant.padEnd(16)} min ${minimum(list).toFixed(1)} µs, median ${median(list).toFixed(1)} µs, ${toBare} × bare, adds ${added.toFixed(1)} µs${toOwn}`,
    )
  }
}
