// A process that appends numbered batches to a store of the build, several at once, and says each that is acknowledged;
// at the first refusal it says the code and ends.
import { openStore } from '../../../dist/collector/store/duckdb/store.js'

const [dir, first] = [process.argv[2], Number(process.argv[3])]
const keepsLog = process.argv[4] === 'keep-log'
const SIZE = 20
const IN_FLIGHT = 4

const store = await openStore({ dir, clock: { nowMs: () => Date.now() } })
let next = first
async function append() {
  for (;;) {
    const batch = next++
    const records = Array.from({ length: SIZE }, (_, index) => recordOf(batch, index))
    const spans = records.map(({ record }) => spanOf(record))
    try {
      await store.append({ records, spans })
    } catch (error) {
      process.stdout.write(`${error.code}\n`)
      return
    }
    process.stdout.write(`${batch}\n`)
    if (batch % 7 === 0 && !keepsLog) await store.checkpoint()
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

// A limit on the size of files is told by a signal as well.
process.on('SIGXFSZ', () => {})
await Promise.all(Array.from({ length: IN_FLIGHT }, append))
if (keepsLog) await store.checkpoint().catch((error) => process.stdout.write(`checkpoint ${error.code}\n`))
process.stdout.write(`records ${(await store.stats()).records}\n`)
await store.close()
