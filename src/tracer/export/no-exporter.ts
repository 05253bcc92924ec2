import type { Exporter } from './exporter.ts'

/** Ships nothing (`EXPORTER=none`): the spans are told to another tracer. */
export function createNoExporter(): Exporter {
  let accepted = 0
  return {
    export() {
      accepted += 1
    },
    flush: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    get stats() {
      return { accepted, sent: 0, queued: 0, dropped: { queue_full: 0, refused: 0, expired: 0 } }
    },
  }
}
