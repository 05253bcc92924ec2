import type { Clock } from '../../model/clock.ts'

/** An answer that took this long is given again for ten times as long, so that whoever asks again and again costs a tenth. */
const dearMs = 100
const freshFactor = 10
/** Answers kept at once; of more, the one that nobody has asked for longest goes. */
const maxKept = 8
/** An answer that nobody asked for this long goes. */
const idleMs = 5 * 60_000

export interface KeptAnswer<T> {
  /** Names this answer to whoever reads on in it. */
  readonly number: number
  readonly value: T
}

/** Answers that cost much, kept for those who ask the same soon after. */
export interface KeptAnswers<T> {
  /** The answer for a key: one that is being found at the moment, one that is fresh enough, or else a new one. */
  current(key: string, make: () => Promise<T>): Promise<KeptAnswer<T>>
  /** A new answer, whatever is kept. */
  anew(key: string, make: () => Promise<T>): Promise<KeptAnswer<T>>
  /** An earlier answer for the key by its number; undefined when it is gone. */
  earlier(key: string, number: number): KeptAnswer<T> | undefined
  /** An answer that turned out to hold no longer. */
  forget(number: number): void
}

/** `drop` is told of what is kept no longer. */
export function keepAnswers<T>(clock: Clock, drop: (value: T) => void = () => undefined): KeptAnswers<T> {
  interface Entry extends KeptAnswer<T> {
    readonly key: string
    readonly staleAtMs: number
    usedMs: number
  }
  /** The one used last at the end. */
  const kept = new Map<number, Entry>()
  const underWay = new Map<string, Promise<Entry>>()
  let made = 0
  const use = (entry: Entry): Entry => {
    entry.usedMs = clock.nowMs()
    kept.delete(entry.number)
    kept.set(entry.number, entry)
    return entry
  }
  const letGo = ({ number, value }: KeptAnswer<T>): void => {
    if (kept.delete(number)) drop(value)
  }
  const watch = (entry: Entry): void => {
    clock.after(idleMs - (clock.nowMs() - entry.usedMs), () => {
      if (clock.nowMs() - entry.usedMs >= idleMs) letGo(entry)
      else if (kept.has(entry.number)) watch(entry)
    })
  }
  const makeEntry = async (key: string, make: () => Promise<T>): Promise<Entry> => {
    const startedMs = clock.nowMs()
    const value = await make()
    const nowMs = clock.nowMs()
    const tookMs = nowMs - startedMs
    const freshMs = tookMs < dearMs ? 0 : freshFactor * tookMs
    const entry: Entry = { key, number: ++made, value, staleAtMs: nowMs + freshMs, usedMs: nowMs }
    kept.set(entry.number, entry)
    for (const [, oldest] of kept) if (kept.size > maxKept) letGo(oldest)
    watch(entry)
    return entry
  }
  return {
    async current(key, make) {
      const nowMs = clock.nowMs()
      const [fresh] = [...kept.values()]
        .filter((entry) => entry.key === key && nowMs < entry.staleAtMs)
        .sort((a, b) => b.number - a.number)
      if (fresh !== undefined) return use(fresh)
      let making = underWay.get(key)
      if (making === undefined) {
        making = makeEntry(key, make).finally(() => underWay.delete(key))
        underWay.set(key, making)
      }
      return making
    },
    anew: makeEntry,
    earlier(key, number) {
      const entry = kept.get(number)
      return entry?.key === key ? use(entry) : undefined
    },
    forget(number) {
      const entry = kept.get(number)
      if (entry !== undefined) letGo(entry)
    },
  }
}
