interface State {
  readonly next: Map<number, State>
  /** The state of the longest proper suffix that is also a prefix of a phrase. */
  fallback: State | undefined
  /** Length of the phrase that ends here, 0 for none. */
  length: number
  /** The nearest state on the fallback chain where a phrase ends. */
  shorter: State | undefined
}

/** Aho-Corasick over UTF-16 units: every phrase of a list is found in one pass, whatever the text. */
export class PhraseAutomaton {
  readonly #root = newState()
  readonly #caseSensitive: boolean

  constructor(phrases: readonly string[], { caseSensitive = true }: { readonly caseSensitive?: boolean } = {}) {
    this.#caseSensitive = caseSensitive
    for (const phrase of phrases) this.#add(caseSensitive ? phrase : foldAscii(phrase))
    this.#link()
  }

  /**
   * The phrase whose occurrence ends first. One inside a longer phrase that has begun before it counts when that one
   * breaks off, or when nothing else comes.
   */
  findFirstEnding(given: string): string | undefined {
    const text = this.#caseSensitive ? given : foldAscii(given)
    let state = this.#root
    let inside: Occurrence | undefined
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index)
      let next = state.next.get(unit)
      while (next === undefined && state.fallback !== undefined) {
        state = state.fallback
        if (state.length > 0) return given.slice(index - state.length, index)
        next = state.next.get(unit)
      }
      state = next ?? this.#root
      const end = index + 1
      if (state.length > 0) return given.slice(end - state.length, end)
      if (state.shorter !== undefined) inside ??= { start: end - state.shorter.length, end }
    }
    return inside === undefined ? undefined : given.slice(inside.start, inside.end)
  }

  /** The longest occurrence that neither begins nor ends inside a word; of equally long ones the first. */
  findWord(text: string): string | undefined {
    let best: Occurrence | undefined
    for (const found of this.#occurrences(text)) {
      if (best !== undefined && found.end - found.start <= best.end - best.start) continue
      if (standsAlone(text, found)) best = found
    }
    return best === undefined ? undefined : text.slice(best.start, best.end)
  }

  *#occurrences(given: string): Generator<Occurrence> {
    const text = this.#caseSensitive ? given : foldAscii(given)
    let state = this.#root
    for (let index = 0; index < text.length; index += 1) {
      state = step(state, text.charCodeAt(index), this.#root)
      const end = index + 1
      for (let at: State | undefined = state.length > 0 ? state : state.shorter; at !== undefined; at = at.shorter) {
        yield { start: end - at.length, end }
      }
    }
  }

  #add(phrase: string): void {
    let state = this.#root
    for (let index = 0; index < phrase.length; index += 1) {
      const unit = phrase.charCodeAt(index)
      let next = state.next.get(unit)
      if (next === undefined) state.next.set(unit, (next = newState()))
      state = next
    }
    state.length = phrase.length
  }

  #link(): void {
    const queue: State[] = [this.#root]
    for (const state of queue) {
      for (const [unit, child] of state.next) {
        const fallback = state === this.#root ? this.#root : step(state.fallback ?? this.#root, unit, this.#root)
        child.fallback = fallback
        child.shorter = fallback.length > 0 ? fallback : fallback.shorter
        queue.push(child)
      }
    }
  }
}

interface Occurrence {
  readonly start: number
  readonly end: number
}

function newState(): State {
  return { next: new Map(), fallback: undefined, length: 0, shorter: undefined }
}

function step(from: State, unit: number, root: State): State {
  let state: State | undefined = from
  while (state !== undefined) {
    const next = state.next.get(unit)
    if (next !== undefined) return next
    state = state.fallback
  }
  return root
}

/** Lower-cases A–Z only, so that every text keeps its length. */
function foldAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function standsAlone(text: string, { start, end }: Occurrence): boolean {
  const begins = start === 0 || !isWord(text, start) || !isWord(text, start - 1)
  return begins && (end === text.length || !isWord(text, end - 1) || !isWord(text, end))
}

function isWord(text: string, index: number): boolean {
  const unit = text.charCodeAt(index)
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit === 95 || (unit >= 97 && unit <= 122)
}
