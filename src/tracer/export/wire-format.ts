import type { FinishedSpan } from '../finished-span.ts'

/** How spans are written for a receiver: each on its own when it is taken, then many in one body. */
export interface WireFormat {
  readonly method: 'PUT' | 'POST'
  /** Path of the receiver, appended to the base address. */
  readonly path: string
  headers(spanCount: number): Readonly<Record<string, string>>
  /** The bytes of one span. */
  encode(span: FinishedSpan): Uint8Array
  /** A request body of encoded spans. */
  body(spans: readonly Uint8Array[]): Uint8Array
  /** Takes back the bytes of a span that is in no body to come: their memory is written to again. Absent: it is not. */
  giveBack?(encoded: Uint8Array): void
  /** How many spans the receiver says, in a reply that is a success, that it did not keep. Absent: it has no way to. */
  rejected?(reply: Uint8Array): number
}
