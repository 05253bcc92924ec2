/** Longer header values are rarely the same twice. */
const MAX_LENGTH = 512

/**
 * Header values that no reader of a channel matches. They come with every request of a client, so they are scanned once.
 * Only innocence is remembered, never a match; a full memory starts anew.
 */
export class CleanTexts {
  readonly #texts = new Set<string>()
  readonly #maxTexts: number

  constructor(maxTexts: number) {
    this.#maxTexts = maxTexts
  }

  has(text: string): boolean {
    return this.#texts.has(text)
  }

  add(text: string): void {
    if (text.length > MAX_LENGTH) return
    if (this.#texts.size >= this.#maxTexts) this.#texts.clear()
    this.#texts.add(text)
  }
}
