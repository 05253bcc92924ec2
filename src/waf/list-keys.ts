import type { KeySequence } from './key-sequence.ts'

/** Maps of so many keys are rare, and listing their keys is most of what they cost. */
const MANY = 1024
/** Maps of late whose keys are remembered; the addresses of a request hold few. */
const SLOTS = 4

/** A map and its keys. */
export interface ListedMap {
  readonly map: object | undefined
  readonly keys: readonly string[]
  /** Where they lead (`sequenceOf`); undefined: not yet asked, null: nowhere. */
  sequence: KeySequence | null | undefined
}

const empty: ListedMap = { map: undefined, keys: [], sequence: undefined }
const slots: ListedMap[] = Array.from({ length: SLOTS }, () => empty)
let nextSlot = 0
let large: Map<object, readonly string[]> | undefined

/** The keys of an object. Those of a large one, and of the last few, are listed once in a run, whoever asks for them. */
export function listKeys(map: object): readonly string[] {
  return listMap(map).keys
}

/** The same, with what was worked out of them. */
export function listMap(map: object): ListedMap {
  for (const slot of slots) if (slot.map === map) return slot
  const keys = large?.get(map) ?? Object.keys(map)
  if (keys.length > MANY) (large ??= new Map()).set(map, keys)
  nextSlot = (nextSlot + 1) % SLOTS
  return (slots[nextSlot] = { map, keys, sequence: undefined })
}

/** Ends what is remembered; the end of each run, since what it was given may change afterwards. */
export function forgetKeys(): void {
  large = undefined
  for (let slot = 0; slot < SLOTS; slot += 1) slots[slot] = empty
}
