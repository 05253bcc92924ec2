import { expect, test } from 'vitest'
import { openEngine, toStore } from '../../../src/collector/store/duckdb/engine.ts'
import { aFailure, always, batchOf, nowMs } from '../../conformance/store/fixtures.ts'
import { temporaryDirectory } from '../../support/collector-process.ts'

test('a query that takes too long is stopped and says so; detection and the next query are not', async () => {
  const directory = temporaryDirectory()
  let isOver = false
  const store = toStore(
    await openEngine({
      dir: directory.path,
      nowMs,
      limits: { memoryLimitMb: 256, threads: 1 },
      // The time is over at once, and stays so until the query ends.
      after: (_delayMs, run) => {
        const timer = isOver ? setInterval(run, 0) : undefined
        return () => clearInterval(timer)
      },
    }),
    { nowMs: () => nowMs },
  )
  try {
    const failures = Array.from({ length: 4000 }, (_, index) => aFailure(`user${index}`, '192.0.2.1'))
    await store.append(batchOf(failures))
    const heavy = () =>
      store.top('*a*b* OR *c*d* OR *user1*9*', always, {
        by: ['@appsec.events_data.usr.login', '@http.client_ip'],
        aggregates: [{ cardinality: '@appsec.events_data.usr.login' }],
        limit: 10,
      })
    isOver = true
    // A query may end before it is looked at; hundreds of them do not.
    const refusals: unknown[] = []
    for (let attempt = 0; attempt < 300 && refusals.length === 0; attempt++) {
      await heavy().catch((error: unknown) => refusals.push(error))
    }
    expect(refusals).toMatchObject([{ code: 'QUERY_TOO_SLOW' }])
    const filter = '@appsec.security_activity:business_logic.users.login.failure'
    const windows = await store.windows({
      queries: { failures: { filter, aggregate: 'count' } },
      suppress: [],
      groupBy: ['service'],
      windowSeconds: 60,
      touched: { afterSequence: 0, upToSequence: 4000 },
    })
    expect(windows[0]?.counts).toEqual({ failures: 4000 })
    isOver = false
    expect((await heavy()).length).toBe(10)
  } finally {
    await store.close()
    directory.remove()
  }
})
