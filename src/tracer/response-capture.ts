import type { HttpResponse } from './http.ts'

/** The body of a response as the app wrote it; undefined once it was longer than the bound. */
export interface CapturedBody {
  readonly text: string | undefined
}

type Method = (...all: unknown[]) => unknown

/** Keeps what the app writes from now on, up to `maxBytes`. Works on this response object alone. */
export function captureBody(response: HttpResponse, maxBytes: number): CapturedBody {
  const target = response as unknown as Record<'write' | 'end', Method>
  const { write, end } = target
  let chunks: Buffer[] | undefined = []
  let size = 0

  function keep(chunk: unknown, encoding: unknown): void {
    if (chunks === undefined || typeof chunk === 'function' || chunk === undefined || chunk === null) return
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : chunk instanceof Uint8Array
          ? Buffer.from(chunk)
          : undefined
    size += bytes?.length ?? 0
    if (bytes === undefined || size > maxBytes) chunks = undefined
    else chunks.push(bytes)
  }

  target.write = function writeCaptured(...all) {
    keep(all[0], all[1])
    return write.apply(this, all)
  }
  target.end = function endCaptured(...all) {
    // Node's own `end` may call `write`; the body is complete here, so it is not kept a second time.
    keep(all[0], all[1])
    target.write = write
    return end.apply(this, all)
  }
  return {
    get text() {
      return chunks === undefined ? undefined : Buffer.concat(chunks).toString('utf8')
    },
  }
}
