import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine, toStore } from '../../src/collector/store/duckdb/engine.ts'
import type { Store } from '../../src/collector/store/store.ts'

/** A store of its own in a directory of its own, in this thread; `dispose` takes both away. */
export async function openTestStore(clock: {
  nowMs(): number
}): Promise<{ readonly store: Store; dispose(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-store-'))
  const limits = { memoryLimitMb: 512, threads: 2 }
  const store = toStore(await openEngine({ dir, nowMs: clock.nowMs(), limits }), clock)
  return {
    store,
    async dispose() {
      await store.close().catch(() => undefined)
      await rm(dir, { recursive: true, force: true })
    },
  }
}
