import { createHash } from 'node:crypto'

/** Ids that are remembered; beyond, the memory starts anew. */
const MAX_REMEMBERED = 20_000

/** Ids of texts: 52 bits of their SHA-256, so that no client can make its traits look like those of another one. */
export class TraitIds {
  #known = new Map<string, number>()

  of(text: string): number {
    let id = this.#known.get(text)
    if (id === undefined) {
      id = Number.parseInt(createHash('sha256').update(text).digest('hex').slice(0, 13), 16)
      if (this.#known.size >= MAX_REMEMBERED) this.#known = new Map()
      this.#known.set(text, id)
    }
    return id
  }
}
