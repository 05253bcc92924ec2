import type { Clock } from '../model/clock.ts'

/** Looks again and again, each time this long after the last look has ended, until it is stopped. */
export function repeat(
  look: () => Promise<void>,
  options: {
    readonly clock: Pick<Clock, 'after'>
    readonly everyMs: number
    readonly firstAfterMs: number
    readonly onError: (error: unknown) => void
  },
): { stop(): Promise<void> } {
  const { clock, everyMs, firstAfterMs, onError } = options
  let running: Promise<void> = Promise.resolve()
  let isStopped = false
  let cancel = clock.after(firstAfterMs, turn)

  function turn(): void {
    running = look()
      .catch(onError)
      .then(() => {
        if (!isStopped) cancel = clock.after(everyMs, turn)
      })
  }

  return {
    async stop() {
      isStopped = true
      cancel()
      await running
    },
  }
}
