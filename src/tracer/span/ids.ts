import { randomFillSync } from 'node:crypto'

/** Random bytes are drawn for this many ids at a time: one system call a few hundred requests. */
const IDS_PER_DRAW = 512
const ID_BYTES = 8

const pool = Buffer.alloc(IDS_PER_DRAW * ID_BYTES)
let offset = pool.length

/** A random 63-bit id as 16 hexadecimal digits: 63, since some agents read ids as signed numbers. Never zero. */
export function newSpanId(): string {
  if (offset === pool.length) {
    randomFillSync(pool)
    offset = 0
  }
  pool[offset] = (pool[offset] ?? 0) & 0x7f
  pool[offset + ID_BYTES - 1] = (pool[offset + ID_BYTES - 1] ?? 0) | 1
  const id = pool.toString('hex', offset, offset + ID_BYTES)
  offset += ID_BYTES
  return id
}

/** The upper half of a new trace id: the start in unix seconds, then zeros, as Datadog tracers make it. */
export function traceIdHigh(nowMs: number): string {
  return `${Math.floor(nowMs / 1_000)
    .toString(16)
    .padStart(8, '0')}00000000`
}
