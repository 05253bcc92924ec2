import type { Scalar } from '../operator.ts'
import type { Lens } from './lens.ts'

/** Longer header values are rarely the same twice. */
const MAX_LENGTH = 512

/**
 * Header values that no scanned condition of a lens can match. They come with every request of a client, so they are
 * scanned once. Only innocence is remembered, never a match; a full memory starts anew.
 */
export class CleanTexts {
  readonly #texts = new Map<Lens, Set<Scalar>>()
  readonly #maxTexts: number

  /** `maxTexts` are kept for each lens. */
  constructor(maxTexts: number) {
    this.#maxTexts = maxTexts
  }

  /** The texts known to concern no reader of the lens. */
  of(lens: Lens): Set<Scalar> {
    let texts = this.#texts.get(lens)
    if (texts === undefined) this.#texts.set(lens, (texts = new Set()))
    return texts
  }

  add(texts: Set<Scalar>, value: Scalar): void {
    if (typeof value !== 'string' || value.length > MAX_LENGTH) return
    if (texts.size >= this.#maxTexts) texts.clear()
    texts.add(value)
  }
}
