import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine, toStore } from '../../../src/collector/store/duckdb/engine.ts'
import type { Store } from '../../../src/collector/store/store.ts'
import { storeSuite } from './store-suite.ts'

storeSuite({
  name: 'DuckDB, in this thread',
  async open(clock) {
    const dir = await mkdtemp(join(tmpdir(), 'portcullis-store-'))
    const limits = { memoryLimitMb: 512, threads: 2 }
    const start = async (): Promise<Store> =>
      toStore(await openEngine({ dir, nowMs: clock.nowMs, limits }), { nowMs: () => clock.nowMs })
    let store = await start()
    return {
      store,
      async reopen() {
        await store.close()
        store = await start()
        return store
      },
      async dispose() {
        await store.close().catch(() => undefined)
        await rm(dir, { recursive: true, force: true })
      },
    }
  },
})
