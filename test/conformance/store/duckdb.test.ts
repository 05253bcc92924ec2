import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineOptions } from '../../../src/collector/store/duckdb/engine.ts'
import { openEngine, toStore } from '../../../src/collector/store/duckdb/engine.ts'
import type { Store } from '../../../src/collector/store/store.ts'
import { storeSuite } from './store-suite.ts'

function suite(name: string, { indexLimits }: Pick<EngineOptions, 'indexLimits'>): void {
  storeSuite({
    name,
    async open(clock) {
      const dir = await mkdtemp(join(tmpdir(), 'portcullis-store-'))
      const limits = { memoryLimitMb: 512, threads: 2 }
      const start = async (): Promise<Store> => {
        const engine = await openEngine({ dir, nowMs: clock.nowMs, limits, ...(indexLimits && { indexLimits }) })
        const opened = toStore(engine, { nowMs: () => clock.nowMs })
        if (!indexLimits) return opened
        return {
          ...opened,
          async append(batch) {
            const result = await opened.append(batch)
            await opened.settled()
            return result
          },
        }
      }
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
}

suite('DuckDB, in this thread', {})
suite('DuckDB, with each record indexed', { indexLimits: { leastRecords: 1, leastOfToday: 1, mostRecords: 1_000 } })
