import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PortcullisError, fail } from '../../../model/error.ts'
import type { ErrorCode } from '../../../model/error.ts'
import type { Changes, State } from '../state.ts'
import type { Engine } from './engine.ts'

/** What the threads say to each other: calls of the engine by name; number 0 answers the opening. */
export interface Call {
  readonly number: number
  readonly method: keyof Engine
  readonly parameters: readonly unknown[]
}
export interface Answer {
  readonly number: number
  readonly value?: unknown
  readonly error?: { readonly code: ErrorCode; readonly message: string }
}

/** The state's file under the data directory. */
export const fileName = 'state.duckdb'

/**
 * Opens the state in `<dir>/state.duckdb`, in a thread of its own. The directory's lock is the caller's.
 * Rejects with DRIVER_MISSING, STORE_LOCKED, STORE_CORRUPT or STORE_NEWER.
 */
export async function openState({ dir }: { readonly dir: string }): Promise<State> {
  const thread = startThread(join(dir, fileName))
  await thread.opened
  return observe(thread.engine)
}

/** Adds subscribers to an engine: told of each commit in the order in which the commits took effect. */
export function observe(engine: Engine): State {
  const listeners = new Set<(changes: Changes) => void>()
  return {
    ...engine,
    async commit(changes) {
      await engine.commit(changes)
      for (const listener of listeners) listener(changes)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

function startThread(file: string): { readonly opened: Promise<unknown>; readonly engine: Engine } {
  const worker = new Worker(new URL('./state-worker.js', import.meta.url), { workerData: { file } })
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let lastNumber = 0
  let gone: Error | undefined

  const opened = new Promise((resolve, reject) => {
    waiting.set(0, { resolve, reject })
  })
  worker.on('message', ({ number, value, error }: Answer) => {
    const asker = waiting.get(number)
    waiting.delete(number)
    if (error === undefined) asker?.resolve(value)
    else asker?.reject(new PortcullisError(error.code, error.message))
    if (number === 0 && error !== undefined) void worker.terminate()
  })
  const end = (why: string): void => {
    gone ??= fail('STORE_FULL', why)
    for (const { reject } of waiting.values()) reject(gone)
    waiting.clear()
  }
  worker.on('error', (error) => end(`the state thread failed: ${String(error)}`))
  worker.on('exit', () => end('the state is closed'))

  const call =
    (method: keyof Engine) =>
    (...parameters: unknown[]): Promise<never> =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) {
          reject(gone)
          return
        }
        const number = ++lastNumber
        waiting.set(number, { resolve: resolve as (value: unknown) => void, reject })
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage({ number, method, parameters } satisfies Call)
      })

  const engine: Engine = {
    commit: call('commit'),
    lead: call('lead'),
    position: call('position'),
    rules: call('rules'),
    ruleVersions: call('ruleVersions'),
    signals: call('signals'),
    signal: call('signal'),
    recentSignals: call('recentSignals'),
    responses: call('responses'),
    timeline: call('timeline'),
    clusters: call('clusters'),
    clusterTimes: call('clusterTimes'),
    entries: call('entries'),
    entry: call('entry'),
    activeValues: call('activeValues'),
    entryGroups: call('entryGroups'),
    countEntries: call('countEntries'),
    document: call('document'),
    documents: call('documents'),
    audit: call('audit'),
    eraseValues: call('eraseValues'),
    backup: call('backup'),
    checkpoint: call('checkpoint'),
    close: call('close'),
  }
  return { opened, engine }
}
