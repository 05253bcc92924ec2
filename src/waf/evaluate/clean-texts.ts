import type { Scalar } from '../operator.ts'
import type { Lens } from './lens.ts'

/** Texts kept for one lens, and their length: what header values of real clients need, and no more to fill than 1 MB. */
const MAX_TEXTS = 1024
const MAX_LENGTH = 512

/**
 * Header values that no scanned condition of a lens can match. They come with every request of a client, so they are
 * scanned once. Only innocence is remembered, never a match; a full memory starts anew.
 */
export class CleanTexts {
  readonly #texts = new Map<Lens, Set<string>>()

  has(lens: Lens, value: Scalar): boolean {
    return typeof value === 'string' && (this.#texts.get(lens)?.has(value) ?? false)
  }

  add(lens: Lens, value: Scalar): void {
    if (typeof value !== 'string' || value.length > MAX_LENGTH) return
    const texts = this.#texts.get(lens)
    if (texts === undefined) this.#texts.set(lens, new Set([value]))
    else {
      if (texts.size >= MAX_TEXTS) texts.clear()
      texts.add(value)
    }
  }
}
