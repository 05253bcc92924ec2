/**
 * The tracer against `dd-trace` with AppSec: the same Express app on each, in a process of its own and with an agent of
 * its own.
 *
 *   npm run build
 *   node bench/tracer-differential.js [--requests 2000] [--seed 1] [--environment name]
 *
 * Both get the same random requests, shared among the environments of tracer-differential/environments.js; replies and
 * service-entry spans must say the same but for the ways in tracer-differential/known-differences.js. Ends with status 1
 * when there was any other difference.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleTests } from './support/load-comparisons.js'
import { compare } from './tracer-differential/compare.js'
import { environments } from './tracer-differential/environments.js'
import { startPeer } from './tracer-differential/peer.js'
import { randomRequest } from './tracer-differential/random-request.js'

/** Requests that are sent before their spans are awaited. */
const BATCH = 100
const EXAMPLES_PRINTED = 3
const LONGEST_TEXT = 200

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    environment: { type: 'string' },
  },
})
const [count, seed] = [Number(values.requests), Number(values.seed)]
const chosen = environments.filter(({ name }) => name === (values.environment ?? name))
if (chosen.length === 0 || !(count > 0) || !Number.isInteger(seed)) {
  console.error('node bench/tracer-differential.js [--requests 2000] [--seed 1] [--environment name]')
  process.exit(2)
}

const { conformanceRules, randomSource } = await bundleTests(`
  export { conformanceRules } from '../conformance/tracer/rules.ts'
  export { randomSource } from './random-source.ts'
`)
const directory = mkdtempSync(join(tmpdir(), 'portcullis-'))
const fill = writeFiles()
const reasons = new Map()
const unexplained = new Map()
let compared = 0
try {
  for (const [n, environment] of chosen.entries()) {
    const share = Math.ceil((count - compared) / (chosen.length - n))
    const variables = fill(environment.variables)
    const peers = await Promise.all(['portcullis', 'dd-trace'].map((tracer) => startPeer(tracer, variables)))
    try {
      await compareRequests({ name: environment.name, variables, peers, share, random: randomSource(seed * 1_000 + n) })
    } finally {
      await Promise.all(peers.map((peer) => peer.stop()))
    }
  }
} finally {
  rmSync(directory, { recursive: true })
}
report()

/** The files that the variables of an environment name; returns what fills their places in. */
function writeFiles() {
  // What only one of the two knows.
  const own = new Set(['order', 'quiet'])
  const shared = (list) => list.filter(({ id }) => !own.has(id))
  const { rules, actions, ...others } = conformanceRules
  const contents = {
    'rules.json': JSON.stringify({ ...others, rules: shared(rules), actions: shared(actions) }),
    'page.html': '<p>[security_response_id] [security_response_id]</p>',
    'page.json': '{"mine":"[security_response_id]"}',
  }
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(directory, name), content)
  const recommended = createRequire(import.meta.url).resolve('dd-trace/packages/dd-trace/src/appsec/recommended.json')
  return (variables) =>
    Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [
        name,
        value.replace('{directory}', directory).replace('{recommended}', recommended),
      ]),
    )
}

/** What both show of requests that are sent one by one. */
function exchange(peers, batch) {
  return Promise.all(
    peers.map(async (peer) => {
      const replies = []
      for (const request of batch) replies.push(await peer.send(request))
      const spans = await peer.take(batch.length)
      if (spans.size < batch.length) throw new Error(`${spans.size} spans of ${batch.length} requests`)
      return replies.map((reply, n) => ({ reply, span: spans.get(String(n)) }))
    }),
  )
}

async function compareRequests({ name, variables, peers, share, random }) {
  // The first request of an engine is kept and names it: not one to compare.
  await exchange(peers, [
    {
      method: 'GET',
      target: '/first',
      headers: [
        ['Host', 'a'],
        ['X-Case', '0'],
      ],
    },
  ])
  for (let left = share; left > 0; left -= BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, left) }, (_, n) => randomRequest(random, String(n)))
    const [ours, theirs] = await exchange(peers, batch)
    for (const [n, request] of batch.entries()) {
      note(name, request, compare({ request, variables, ours: ours[n], theirs: theirs[n] }))
    }
  }
}

function note(environment, request, found) {
  compared += 1
  for (const why of found.reasons) reasons.set(why, (reasons.get(why) ?? 0) + 1)
  for (const difference of found.unexplained) {
    const of = unexplained.get(difference.path) ?? { times: 0, examples: [] }
    unexplained.set(difference.path, of)
    of.times += 1
    if (of.examples.length < EXAMPLES_PRINTED) of.examples.push({ environment, ...difference, request })
  }
}

function report() {
  console.log(`${compared} requests, seed ${seed}, ${chosen.length} environments`)
  for (const [why, times] of [...reasons].sort(([, a], [, b]) => b - a)) console.log(`  known: ${times} × ${why}`)
  for (const [path, { times, examples }] of [...unexplained].sort(([, a], [, b]) => b.times - a.times)) {
    console.log(`  UNEXPLAINED: ${times} × ${path}`)
    for (const example of examples) console.log(`    ${JSON.stringify(example, (_key, value) => brief(value))}`)
  }
  process.exit(unexplained.size > 0 ? 1 : 0)
}

/** For people: long texts are cut, and a script is shown as calls, not as the header that carries them. */
function brief(value) {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value
  return value?.[0] === 'X-Script' ? undefined : value
}
