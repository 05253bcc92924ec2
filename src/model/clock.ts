/** Time as rooms see it: only composition roots know the real clock, tests hand in one that they move. */
export interface Clock {
  /** Milliseconds since 1970, with fractions where the platform has them. */
  nowMs(): number
  /** Calls `run` once after `delayMs`; the returned function cancels it. A timer never keeps the process alive. */
  after(delayMs: number, run: () => void): () => void
}
