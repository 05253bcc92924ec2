import type { FinishedSpan } from '../finished-span.ts'

/** Counts since start. `dropped` says why spans were given up. */
export interface ExporterStats {
  readonly accepted: number
  readonly sent: number
  readonly queued: number
  readonly dropped: Readonly<Record<'queue_full' | 'refused' | 'expired', number>>
}

/** Takes finished spans and ships them. Never throws, never blocks, never keeps the process alive. */
export interface Exporter {
  /** `security`: the span carries a login event or an attack; it is kept longest and flushed first. */
  export(span: FinishedSpan, options: { readonly security: boolean }): void
  /** Sends what is queued; resolves when it was sent or given up, at most after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>
  stop(timeoutMs: number): Promise<void>
  readonly stats: ExporterStats
}
