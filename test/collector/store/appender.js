// A process that appends numbered batches to a store of the build, several at once, and says each that is acknowledged.
import { openStore } from '../../../dist/collector/store/duckdb/store.js'

const [dir, first] = [process.argv[2], Number(process.argv[3])]
const SIZE = 20
const IN_FLIGHT = 4

const store = await openStore({ dir, clock: { nowMs: () => Date.now() } })
let next = first
async function append() {
  for (;;) {
    const batch = next++
    const records = Array.from({ length: SIZE }, (_, index) => recordOf(batch, index))
    const spans = records.map(({ record }) => spanOf(record))
    await store.append({ records, spans })
    process.stdout.write(`${batch}\n`)
    if (batch % 7 === 0) await store.checkpoint()
  }
}

function recordOf(batch, index) {
  const id = batch * SIZE + index + 1
  const record = {
    timestampMs: Date.now(),
    traceId: id.toString(16).padStart(32, '0'),
    spanId: id.toString(16).padStart(16, '0'),
    service: 'shop',
    env: 'prod',
    version: '1',
    resource: 'POST /login',
    operation: 'web.request',
    type: 'web',
    status: 'ok',
    durationMs: 1,
    attributes: {
      batch,
      ...(index % 2 === 0 && { 'appsec.security_activity': ['business_logic.users.login.failure'] }),
    },
  }
  return { record, keep: 'full', trusted: true }
}

function spanOf({ traceId, spanId, timestampMs }) {
  return {
    traceId,
    spanId,
    service: 'shop',
    name: 'x',
    resource: 'x',
    type: 'web',
    startMs: timestampMs,
    durationMs: 1,
    error: 0,
    meta: {},
    metrics: {},
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, append))
