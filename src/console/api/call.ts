import { signal } from '@preact/signals'

/** A call of the API that failed, with the code and the words of the collector. `status` 0: it was not reached. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly help: string | undefined
  /** Of a query error: the stretch of the query that is wrong, and what was most likely meant. */
  readonly position: number | undefined
  readonly length: number | undefined
  readonly suggestion: string | undefined
  /** Of a rule: each problem with its path. */
  readonly problems: readonly { readonly path: string; readonly message: string }[]

  constructor(status: number, problem: Record<string, unknown>) {
    super(typeof problem['detail'] === 'string' ? problem['detail'] : 'the collector answered with an error')
    this.status = status
    this.code = typeof problem['code'] === 'string' ? problem['code'] : 'INTERNAL'
    this.help = typeof problem['help'] === 'string' ? problem['help'] : undefined
    this.position = typeof problem['position'] === 'number' ? problem['position'] : undefined
    this.length = typeof problem['length'] === 'number' ? problem['length'] : undefined
    this.suggestion = typeof problem['suggestion'] === 'string' ? problem['suggestion'] : undefined
    this.problems = Array.isArray(problem['problems']) ? problem['problems'] : []
  }
}

/** Whether the last call reached the collector. */
export const isOnline = signal(true)
/** Whether the session was refused: the page stays as it is, and asks to sign in again. */
export const isSignedOut = signal(false)

/**
 * Calls the API with the session's cookie; `T` is what the API document says the reply is.
 * Rejects with ApiError, and with the signal's reason when it was aborted.
 */
export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const reply = await reach(path, {
    method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'GET' ? {} : { 'x-portcullis-csrf': '1' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
  const content: unknown = reply.status === 204 ? null : await reply.json().catch(() => ({}))
  if (reply.ok) return content as T
  if (reply.status === 401 && path !== '/api/session') isSignedOut.value = true
  throw new ApiError(reply.status, (content ?? {}) as Record<string, unknown>)
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const reply = await fetch(path, init)
    isOnline.value = true
    return reply
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    isOnline.value = false
    throw new ApiError(0, { code: 'OFFLINE', detail: 'The collector does not answer.' })
  }
}

/** A path with its parameters; those that are undefined or empty are left out. */
export function pathOf(path: string, parameters: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') search.set(name, String(value))
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`
}
