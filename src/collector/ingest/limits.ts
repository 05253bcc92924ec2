/** What one payload may hold; more is refused as a whole, with PAYLOAD_INVALID. The body itself is bounded by the listener. */
export interface Limits {
  readonly maxSpans: number
  /** Tags of a span, of each kind. */
  readonly maxTags: number
  readonly maxTextBytes: number
  /** Nesting of values that are skipped or made into text. */
  readonly maxDepth: number
}

export const defaultLimits: Limits = {
  maxSpans: 100_000,
  maxTags: 2_000,
  maxTextBytes: 1_000_000,
  maxDepth: 32,
}
