/** One thing that was looked at: fine, could be better, or does not work. */
export interface Finding {
  readonly level: 'ok' | 'advice' | 'problem'
  readonly about: string
  /** What was found and, unless it is fine, what to do. */
  readonly says: string
}
