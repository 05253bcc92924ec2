import type { AgentConnection, AgentReply } from '../agent-connection.ts'
import type { QueuedSpan } from './span-queue.ts'
import type { WireFormat } from './wire-format.ts'

/** What became of one batch. `failed` is worth another try, `refused` is not. */
export type Delivery =
  /** `rejected`: how many of the spans the receiver took note of and did not keep. */
  | { readonly kind: 'sent'; readonly rejected: number }
  | { readonly kind: 'refused'; readonly why: string }
  /** `answered`: the receiver replied with an error of its own, other than that it is busy. */
  | { readonly kind: 'failed'; readonly why: string; readonly answered: boolean; readonly retryAfter?: string }

/** Replies are a small JSON document. */
const MAX_REPLY_BYTES = 262_144
const BUSY: ReadonlySet<number> = new Set([408, 425, 429, 503])

/** Sends a batch once. Never rejects. */
export async function deliver(
  batch: readonly QueuedSpan[],
  to: { readonly connection: AgentConnection; readonly format: WireFormat; readonly timeoutMs: number },
): Promise<Delivery> {
  const { connection, format, timeoutMs } = to
  try {
    const reply = await connection.send({
      method: format.method,
      path: format.path,
      headers: format.headers(batch.length),
      body: format.body(batch.map(({ bytes }) => bytes)),
      timeoutMs,
      maxReplyBytes: MAX_REPLY_BYTES,
    })
    return judge(reply, (body) => Math.min(batch.length, format.rejected?.(body) ?? 0))
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error), answered: false }
  }
}

function judge({ status, headers, body }: AgentReply, rejected: (body: Uint8Array) => number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'sent', rejected: rejected(body) }
  const why = `it answered ${status}`
  const busy = BUSY.has(status)
  if (!busy && status < 500) return { kind: 'refused', why }
  const retryAfter = headers['retry-after']
  return { kind: 'failed', why, answered: !busy, ...(retryAfter === undefined ? {} : { retryAfter }) }
}
