import type { Span } from '../../model/span.ts'
import { toSpan } from '../finished-span.ts'
import type { Exporter } from './exporter.ts'

/** Spans kept; a test that makes more looks at the latest. */
const MAX_SPANS = 10_000

export interface MemoryExporter extends Exporter {
  /** Finished spans, oldest first. */
  readonly spans: readonly Span[]
  clear(): void
}

/** Keeps finished spans in memory, for tests. */
export function createMemoryExporter(): MemoryExporter {
  let spans: Span[] = []
  let accepted = 0
  let dropped = 0
  return {
    get spans() {
      return spans
    },
    clear() {
      spans = []
    },
    export(span) {
      accepted += 1
      spans.push(toSpan(span))
      if (spans.length <= MAX_SPANS) return
      spans.shift()
      dropped += 1
    },
    flush: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    get stats() {
      return { accepted, sent: accepted, queued: 0, dropped: { queue_full: dropped, refused: 0, expired: 0 } }
    },
  }
}
