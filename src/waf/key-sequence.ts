import { isPlainMap } from './javascript-value.ts'
import { listMap } from './list-keys.ts'
import type { ListedMap } from './list-keys.ts'

/**
 * Keys in the order in which a map holds them, as a node of a tree: maps of the same kind come with request after
 * request, and what is worked out of their keys alone is kept at the node of the last one.
 */
export class KeySequence {
  readonly key: string
  readonly before: KeySequence | undefined
  /** What others have worked out of the keys; each sets its own. */
  headers: unknown
  hash: string | undefined
  /** The first that followed, which in most places is the only one. */
  #next: KeySequence | undefined
  #others: Map<string, KeySequence> | undefined

  constructor(key: string, before: KeySequence | undefined) {
    this.key = key
    this.before = before
  }

  /** The sequence with one key more. */
  with(key: string): KeySequence {
    const next = this.#next
    if (next !== undefined && next.key === key) return next
    return next === undefined ? (this.#next = append(key, this)) : this.#otherwise(key)
  }

  /** All keys, from the first on. */
  keys(): string[] {
    return this.before === undefined ? [] : [...this.before.keys(), this.key]
  }

  #otherwise(key: string): KeySequence {
    this.#others ??= new Map()
    let next = this.#others.get(key)
    if (next === undefined) this.#others.set(key, (next = append(key, this)))
    return next
  }
}

/** Sequences remembered at once, about 1 MB; then all are forgotten. */
const MOST_SEQUENCES = 8192
/** Longer lists of keys, and longer keys, are not worth remembering. */
const MOST_KEYS = 64
const LONGEST_KEY = 64

let root = new KeySequence('', undefined)
let count = 0

function append(key: string, before: KeySequence): KeySequence {
  count += 1
  return new KeySequence(key, before)
}

/** The keys of an ordinary object; undefined when it is none, or when they are too many or too long to remember. */
export function keySequenceOf(value: unknown): KeySequence | undefined {
  if (typeof value !== 'object' || value === null || !isPlainMap(value)) return undefined
  try {
    return sequenceOf(listMap(value))
  } catch {
    // A proxy that lists no keys.
    return undefined
  }
}

/** The keys of a map; undefined when they are too many or too long to remember. */
export function sequenceOf(listed: ListedMap): KeySequence | undefined {
  if (listed.sequence === undefined) listed.sequence = follow(listed.keys) ?? null
  return listed.sequence ?? undefined
}

function follow(keys: readonly string[]): KeySequence | undefined {
  if (keys.length > MOST_KEYS) return undefined
  if (count > MOST_SEQUENCES) {
    root = new KeySequence('', undefined)
    count = 0
  }
  let at = root
  for (const key of keys) {
    if (key.length > LONGEST_KEY) return undefined
    at = at.with(key)
  }
  return at
}
