import { setTimeout as pause } from 'node:timers/promises'

/** Waits until `condition` gives a value other than false and undefined; fails after `withinMs`. */
export async function eventually<T>(
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  options: { readonly says: string; readonly withinMs?: number; readonly everyMs?: number },
): Promise<T> {
  const deadline = Date.now() + (options.withinMs ?? 10_000)
  for (;;) {
    const value = await condition()
    if (value !== false && value !== undefined) return value
    if (Date.now() > deadline) throw new Error(`did not happen in time: ${options.says}`)
    await pause(options.everyMs ?? 5)
  }
}
