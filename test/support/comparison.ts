/** Two judges asked about the same inputs, made one after the other from a seed. */
export interface Comparison {
  /** Judges one more input; gives what was judged apart for no known reason, with all that is needed to look into it. */
  next(): readonly object[]
  readonly tally: Tally
}

export interface Tally {
  /** Inputs of which everything was equal. */
  alike: number
  /** Inputs that one of the two flagged and the other did not. */
  judgedApart: number
  /** Rules that matched, over all inputs. */
  matches: number
  /** Which rules or operators matched at least once, and out of how many of what. */
  readonly seen: Set<string>
  readonly kinds: string
  /** How often each known way to differ was met. */
  readonly reasons: Map<string, number>
}

export function emptyTally(kinds: string): Tally {
  return { alike: 0, judgedApart: 0, matches: 0, seen: new Set(), kinds, reasons: new Map() }
}

/** Judges `inputs` inputs, up to the first that is judged apart for no known reason. */
export function firstUnexplained({ next }: Comparison, inputs: number): readonly object[] {
  for (let index = 0; index < inputs; index += 1) {
    const unexplained = next()
    if (unexplained.length > 0) return unexplained
  }
  return []
}
