/** A configuration that came, changed or went. `content` is its JSON; undefined when it went. */
export interface ConfigChange {
  readonly kind: 'added' | 'changed' | 'removed'
  readonly path: string
  readonly product: string
  readonly id: string
  readonly version: number
  readonly content: unknown
}

/** What became of a change, by path: null when it was taken over, else why not. A path that is missing stays unacknowledged. */
export type ChangeOutcomes = ReadonlyMap<string, string | null>
