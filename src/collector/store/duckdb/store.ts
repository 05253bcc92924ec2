import { Worker } from 'node:worker_threads'
import type { Clock } from '../../../model/clock.ts'
import { fail } from '../../../model/error.ts'
import { makeDataDirectory } from '../../data-directory.ts'
import type { ScanPart, Store } from '../store.ts'
import { movableParts } from './encode.ts'
import type { Engine } from './engine.ts'
import { capabilities, toStore } from './engine.ts'
import { lockDirectory } from './lock.ts'
import type { Call, Method, Reply, WorkerOptions } from './message.ts'
import { errorOf } from './message.ts'

export interface OpenStoreOptions {
  /** The data directory; it is made when missing, and one process owns it. */
  readonly dir: string
  readonly clock: Pick<Clock, 'nowMs'>
  /** What DuckDB may take beside the process's own memory; more spills to disk. Default 1024. */
  readonly memoryLimitMb?: number
  /** Threads of DuckDB. Default 2. */
  readonly threads?: number
  /** Called when the store's thread ends by itself; every call after that rejects with STORE_FULL. */
  readonly onLost?: (error: Error) => void
}

const DEFAULT_MEMORY_MB = 1024
const DEFAULT_THREADS = 2

/**
 * Opens the embedded store in a thread of its own. Throws DATA_DIR_UNUSABLE, STORE_LOCKED, STORE_CORRUPT, STORE_NEWER, DRIVER_MISSING.
 * The thread's code, `worker.js`, has to lie beside this file once it is built.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { dir, clock, memoryLimitMb = DEFAULT_MEMORY_MB, threads = DEFAULT_THREADS } = options
  makeDataDirectory(dir)
  const unlock = lockDirectory(dir)
  try {
    const remote = await RemoteEngine.start({ dir, nowMs: clock.nowMs(), limits: { memoryLimitMb, threads } }, options)
    const store = toStore(remote.engine, clock)
    let closing: Promise<void> | undefined
    return { ...store, close: () => (closing ??= store.close().finally(unlock)) }
  } catch (error) {
    unlock()
    throw error
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The engine in its thread: each method is a message there and one back. */
class RemoteEngine {
  readonly engine: Engine
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #calls = 0
  #lost: Error | undefined

  private constructor(worker: Worker, onLost: ((error: Error) => void) | undefined) {
    this.#worker = worker
    this.engine = this.#engine()
    worker.on('message', (reply: Reply) => this.#settle(reply))
    let closing: Error | undefined
    worker.on('error', (error: Error) => {
      closing = error
    })
    worker.on('exit', () => {
      const isExpected = this.#lost !== undefined
      this.#lost ??= fail('STORE_FULL', `its thread ended: ${closing?.message ?? 'no reason given'}`)
      for (const { reject } of this.#pending.values()) reject(this.#lost)
      this.#pending.clear()
      if (!isExpected) onLost?.(this.#lost)
    })
  }

  static start(workerData: WorkerOptions, { onLost }: Pick<OpenStoreOptions, 'onLost'>): Promise<RemoteEngine> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, name: 'portcullis-store' })
    return new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', (reply: Reply) => {
        worker.off('error', reject)
        if (reply.kind === 'opened') resolve(new RemoteEngine(worker, onLost))
        else if (reply.kind === 'refused') reject(errorOf(reply.failure))
      })
    })
  }

  #call<T>(method: Method, ...parameters: readonly unknown[]): Promise<T> {
    return this.#send(method, parameters, [])
  }

  /** What is in `moved` belongs to the other thread from then on. */
  #send<T>(method: Method, parameters: readonly unknown[], moved: readonly ArrayBuffer[]): Promise<T> {
    if (this.#lost) return Promise.reject(this.#lost)
    if (method === 'close') this.#lost = fail('STORE_FULL', 'it is closed')
    const id = ++this.#calls
    const call: Call = { id, method, parameters }
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      this.#worker.postMessage(call, moved)
    })
  }

  #settle(reply: Reply): void {
    if (reply.kind !== 'result' && reply.kind !== 'failed') return
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.kind === 'result') pending?.resolve(reply.value)
    else pending?.reject(errorOf(reply.failure))
  }

  #engine(): Engine {
    return {
      capabilities,
      append: (batch, nowMs) => this.#send('append', [batch, nowMs], movableParts(batch)),
      sequence: () => this.#call('sequence'),
      search: (...all) => this.#call('search', ...all),
      timeseries: (...all) => this.#call('timeseries', ...all),
      top: (...all) => this.#call('top', ...all),
      keepGroups: (...all) => this.#call('keepGroups', ...all),
      keptGroups: (...all) => this.#call('keptGroups', ...all),
      dropGroups: (...all) => this.#call('dropGroups', ...all),
      compare: (...all) => this.#call('compare', ...all),
      facets: (...all) => this.#call('facets', ...all),
      facetValues: (...all) => this.#call('facetValues', ...all),
      windows: (...all) => this.#call('windows', ...all),
      touched: (...all) => this.#call('touched', ...all),
      counts: (...all) => this.#call('counts', ...all),
      traits: (...all) => this.#call('traits', ...all),
      trace: (...all) => this.#call('trace', ...all),
      export: (query, range, format, signal) => this.#parts<Uint8Array>('exportOpen', [query, range, format], signal),
      scan: (query, range, options, signal) => this.#parts<ScanPart>('scanOpen', [query, range, options], signal),
      dropBefore: (...all) => this.#call('dropBefore', ...all),
      dropCompactBefore: (...all) => this.#call('dropCompactBefore', ...all),
      eraseUser: (...all) => this.#call('eraseUser', ...all),
      backup: (...all) => this.#call('backup', ...all),
      settled: () => this.#call('settled'),
      checkpoint: () => this.#call('checkpoint'),
      stats: () => this.#call('stats'),
      close: () => this.#call('close'),
    }
  }

  async *#parts<T>(
    method: 'exportOpen' | 'scanOpen',
    parameters: readonly unknown[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<T> {
    const id = await this.#call<number>(method, ...parameters)
    try {
      for (;;) {
        const part = signal?.aborted ? null : await this.#call<T | null>('partNext', id)
        if (part === null) return
        yield part
      }
    } finally {
      if (!this.#lost) await this.#call('partClose', id)
    }
  }
}
