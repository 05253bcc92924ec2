import type { TracerCase } from './cases/tracer-case.ts'

/** Sends the request of a case to the app; a body that is no text goes as JSON. */
export function send(
  appUrl: string,
  { path, method = 'GET', headers, body }: Pick<TracerCase, 'path' | 'method' | 'headers' | 'body'>,
): Promise<Response> {
  return fetch(appUrl + path, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}
