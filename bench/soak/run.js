// Does the tracer hold on to anything? Requests of every outcome against Express and Fastify, on the loopback: ordinary
// ones, logins, blocks at each stage, errors, clients that go away. After each slice, with every span sent: what is
// still held of the requests that are over, which handles are open, how large the heap is.
//   npm run build && node bench/soak/run.js [--requests 1000000] [--json]
// Ends with 1 when a request is held, when handles grow, or when the heap is not flat.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machine, printTable } from '../support/compare.js'
import { drive } from './traffic.js'

const { values } = parseArgs({ options: { requests: { type: 'string' }, json: { type: 'boolean' } } })
const requests = Number(values.requests ?? 1_000_000)
/** A look at what is held takes many collections. */
const SLICES = requests >= 100_000 ? 10 : 3
/** Above what the caches still take in while they fill, far below what one kept request in a hundred would weigh. */
const HEAP_GROWTH_BYTES = 4_000_000

let spans = 0
const agent = createServer((request, response) => {
  if (request.url === '/v0.4/traces') spans += Number(request.headers['x-datadog-trace-count'])
  request.resume().on('end', () => response.end('{}'))
}).listen(0, '127.0.0.1')
await once(agent, 'listening')
agent.keepAliveTimeout = 600_000
const agentUrl = `http://127.0.0.1:${agent.address().port}`

const results = []
for (const framework of ['express', 'fastify']) results.push(await soak(framework, Math.ceil(requests / 2)))
agent.close()
const flat = results.every((result) => result.flat)
if (values.json) console.log(JSON.stringify(results))
else console.log(flat ? 'flat' : 'NOT flat', machine())
process.exitCode = flat ? 0 : 1

async function soak(framework, count) {
  const service = fork(fileURLToPath(new URL('service.js', import.meta.url)), [framework, agentUrl], {
    execArgv: ['--expose-gc'],
  })
  let over = false
  service.once('exit', (code, signal) => {
    if (over) return
    // Otherwise the run would wait for its answers for ever.
    console.error(`the service of ${framework} ended before its requests: ${signal ?? code}`)
    process.exit(1)
  })
  const [{ port }] = await once(service, 'message')
  const measure = async () => {
    const answer = once(service, 'message')
    service.send('measure')
    const [measured] = await answer
    return measured
  }
  spans = 0
  const outcomes = {}
  const rows = []
  const slice = Math.ceil(count / SLICES)
  for (let done = 0; done < count; done += slice) {
    const size = Math.min(slice, count - done)
    for (const [kind, seen] of Object.entries(await drive(port, { from: done, count: size }))) {
      outcomes[kind] = (outcomes[kind] ?? 0) + seen
    }
    const row = { requests: done + size, ...(await measure()) }
    rows.push(row)
    // A million take a while.
    if (!values.json) console.error(framework, JSON.stringify(row))
  }
  over = true
  service.disconnect()
  await once(service, 'exit')
  if (!values.json) {
    console.log(`${framework}: ${count} requests, ${spans} spans`, outcomes)
    printTable(rows.map((row) => ({ ...row, held: JSON.stringify(row.held), handles: JSON.stringify(row.handles) })))
  }
  const [, early] = rows
  const last = rows.at(-1)
  const handleCount = ({ handles }) => Object.values(handles).reduce((sum, one) => sum + one, 0)
  const flat =
    rows.every(({ held }) => Object.keys(held).length === 0) &&
    handleCount(last) <= handleCount(early) &&
    last.heapBytes - early.heapBytes <= HEAP_GROWTH_BYTES
  return { framework, requests: count, spans, outcomes, flat, rows }
}
