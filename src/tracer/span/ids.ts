import { randomFillSync } from 'node:crypto'

/** Random words are drawn for this many at a time: one system call for some hundred requests. */
const WORDS_PER_DRAW = 1024

const pool = new Uint32Array(WORDS_PER_DRAW)
let next = WORDS_PER_DRAW

/** A random 32-bit word. */
export function randomWord(): number {
  if (next === WORDS_PER_DRAW) {
    randomFillSync(pool)
    next = 0
  }
  return pool[next++] as number
}
