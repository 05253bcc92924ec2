import { parentPort, workerData } from 'node:worker_threads'
import type { Clock } from '../../../model/clock.ts'
import { fail } from '../../../model/error.ts'
import type { Engine } from './engine.ts'
import { openEngine } from './engine.ts'
import type { Call, Reply, WorkerOptions } from './message.ts'
import { failureOf } from './message.ts'

/** Entry of the store's thread: inserts block the thread that makes them, for up to a second. */
const port = parentPort

function reply(message: Reply): void {
  port?.postMessage(message)
}

/** Exports and scans that are being read. */
const open = new Map<number, AsyncIterator<unknown>>()
let openCount = 0

async function answer(engine: Engine, { method, parameters }: Call): Promise<unknown> {
  switch (method) {
    case 'exportOpen': {
      const parts = engine.export(...(parameters as Parameters<Engine['export']>))
      open.set(++openCount, parts[Symbol.asyncIterator]())
      return openCount
    }
    case 'scanOpen': {
      const parts = engine.scan(...(parameters as Parameters<Engine['scan']>))
      open.set(++openCount, parts[Symbol.asyncIterator]())
      return openCount
    }
    case 'partNext': {
      const next = await open.get(parameters[0] as number)?.next()
      return next === undefined || next.done === true ? null : next.value
    }
    case 'partClose': {
      const parts = open.get(parameters[0] as number)
      open.delete(parameters[0] as number)
      await parts?.return?.()
      return null
    }
    default:
      return (engine[method] as (...all: unknown[]) => Promise<unknown>)(...parameters)
  }
}

/** The thread's own clock: an explorer query that takes too long is stopped from here. */
const after: Clock['after'] = (delayMs, run) => {
  const timer = setTimeout(run, delayMs).unref()
  return () => clearTimeout(timer)
}

openEngine({ ...(workerData as WorkerOptions), after }).then(
  (engine) => {
    port?.on('message', (call: Call) => {
      answer(engine, call).then(
        (value) => {
          reply({ kind: 'result', id: call.id, value })
          if (call.method === 'close') port.close()
        },
        (error: unknown) => reply({ kind: 'failed', id: call.id, failure: failureOf(error) }),
      )
    })
    reply({ kind: 'opened' })
  },
  (error: unknown) => {
    reply({ kind: 'refused', failure: failureOf(error ?? fail('STORE_FULL', 'it could not be opened')) })
  },
)
