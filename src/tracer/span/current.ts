import { AsyncLocalStorage } from 'node:async_hooks'

/** What belongs to the request that is being handled, wherever in its asynchronous course the caller stands. */
export interface Current<T> {
  get(): T | undefined
  run<R>(value: T, within: () => R): R
}

const key = Symbol.for('portcullis.current.1')

/**
 * The storage of this process. It is found through the global symbol registry, so that two copies of this package in
 * one process (a bundle beside node_modules) still see the same request.
 */
export function currentRequest<T>(): Current<T> {
  const registry = globalThis as { [key]?: AsyncLocalStorage<T> }
  const storage = (registry[key] ??= new AsyncLocalStorage<T>())
  return {
    get: () => storage.getStore(),
    run: (value, within) => storage.run(value, within),
  }
}
