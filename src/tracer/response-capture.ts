import type { HttpResponse } from './http.ts'

/** What is written to a response, up to a bound. */
export class CapturedBody {
  readonly #maxBytes: number
  #chunks: Buffer[] | undefined = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The body as text; undefined once it was longer than the bound, or not to be read. */
  get text(): string | undefined {
    return this.#chunks === undefined ? undefined : Buffer.concat(this.#chunks).toString('utf8')
  }

  /** Takes the arguments of a `write` or an `end`. */
  keep(chunk: unknown, encoding: unknown): void {
    if (this.#chunks === undefined || typeof chunk === 'function' || chunk === undefined || chunk === null) return
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : chunk instanceof Uint8Array
          ? Buffer.from(chunk)
          : undefined
    this.#size += bytes?.length ?? 0
    if (bytes === undefined || this.#size > this.#maxBytes) this.#chunks = undefined
    else this.#chunks.push(bytes)
  }
}

type Method = (...all: unknown[]) => unknown

/**
 * Keeps what the app writes from now on. Works on this response object alone, and in front of all who changed it before:
 * what a compressing middleware is given is readable, what it makes of it is not.
 */
export function captureBody(response: HttpResponse, maxBytes: number): CapturedBody {
  const target = response as unknown as Record<'write' | 'end', Method>
  const { write, end } = target
  const captured = new CapturedBody(maxBytes)
  target.write = function writeCaptured(...all) {
    captured.keep(all[0], all[1])
    return write.apply(this, all)
  }
  target.end = function endCaptured(...all) {
    // Node's own `end` may call `write`; the body is complete here, so it is not kept a second time.
    captured.keep(all[0], all[1])
    target.write = write
    return end.apply(this, all)
  }
  return captured
}
