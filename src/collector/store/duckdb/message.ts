import type { ErrorCode } from '../../../model/error.ts'
import { PortcullisError } from '../../../model/error.ts'
import type { Engine, EngineOptions } from './engine.ts'

/** What the worker is started with. */
export type WorkerOptions = Omit<EngineOptions, 'after'>

/** Methods that cross the threads as one question and one answer; exports and scans are pulled a part at a time. */
export type Method =
  | Exclude<keyof Engine, 'export' | 'scan' | 'capabilities'>
  | 'exportOpen'
  | 'scanOpen'
  | 'partNext'
  | 'partClose'

export interface Call {
  readonly id: number
  readonly method: Method
  readonly parameters: readonly unknown[]
}

/** An error as plain data; `detail` has the properties beyond code and message, such as the position in a query. */
export interface Failure {
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly help: string | undefined
  readonly detail: Readonly<Record<string, unknown>>
}

export type Reply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }

export function failureOf(error: unknown): Failure {
  if (!(error instanceof PortcullisError)) {
    return {
      code: undefined,
      message: error instanceof Error ? error.message : String(error),
      help: undefined,
      detail: {},
    }
  }
  const { code, message, help, name: _, ...detail } = error
  return { code, message, help, detail }
}

export function errorOf({ code, message, help, detail }: Failure): Error {
  return code === undefined ? new Error(message) : Object.assign(new PortcullisError(code, message, help), detail)
}
