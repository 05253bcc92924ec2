import { parentPort, workerData } from 'node:worker_threads'
import { PortcullisError } from '../../../model/error.ts'
import { openEngine } from './engine.ts'
import type { Engine } from './engine.ts'
import type { Answer, Call } from './state.ts'

/** The thread that owns the file: takes calls of the engine by name, answers each with its number. */
const port = parentPort
if (port === null) throw new Error('state-worker runs as a worker thread only')

const opening = openEngine((workerData as { file: string }).file)
opening.then(
  () => port.postMessage({ number: 0, value: undefined } satisfies Answer),
  (error: unknown) => port.postMessage({ number: 0, error: describe(error) } satisfies Answer),
)

port.on('message', ({ number, method, parameters }: Call) => {
  opening
    .then((engine) => run(engine, method, parameters))
    .then(
      (value) => {
        port.postMessage({ number, value } satisfies Answer)
        if (method === 'close') port.close()
      },
      (error: unknown) => port.postMessage({ number, error: describe(error) } satisfies Answer),
    )
})

function run(engine: Engine, method: keyof Engine, parameters: readonly unknown[]): Promise<unknown> {
  return (engine[method] as (...all: readonly unknown[]) => Promise<unknown>)(...parameters)
}

function describe(error: unknown): NonNullable<Answer['error']> {
  return error instanceof PortcullisError
    ? { code: error.code, message: error.message }
    : { code: 'STORE_FULL', message: error instanceof Error ? error.message : String(error) }
}
