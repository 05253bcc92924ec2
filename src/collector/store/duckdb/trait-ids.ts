import { createHash } from 'node:crypto'
import { encodeClientTraits } from '../../../model/client-traits.ts'

/** What is remembered, about; beyond, the memory starts anew. */
const MAX_BYTES = 16_000_000
const STEP_BYTES = 300

interface Traits {
  readonly id: number
  readonly body: string
}

/** Where a list of names and values leads, one text a step: clients of one kind tell the same in the same order. */
interface Step {
  readonly next: Map<string, Step>
  traits?: Traits | undefined
}

/**
 * Ids of traits: 52 bits of the SHA-256 of their text, so that no client can make its traits look like those of another
 * one. Those seen before are found again without making the text.
 */
export class TraitIds {
  #root: Step = { next: new Map() }
  #bytes = 0

  /** As `clientTraits` gives them; undefined where there are none. */
  of(list: readonly string[]): Traits | undefined {
    let step = this.#root
    for (const text of list) step = step.next.get(text) ?? this.#grow(step, text)
    if (!('traits' in step)) step.traits = traitsOf(list)
    return step.traits
  }

  #grow(from: Step, text: string): Step {
    // The text itself, and its part of the traits in which it stands.
    this.#bytes += STEP_BYTES + 2 * text.length
    if (this.#bytes > MAX_BYTES) {
      this.#root = { next: new Map() }
      this.#bytes = 0
    }
    const made: Step = { next: new Map() }
    from.next.set(text, made)
    return made
  }
}

function traitsOf(list: readonly string[]): Traits | undefined {
  const body = encodeClientTraits(list)
  if (body === undefined) return undefined
  return { id: Number.parseInt(createHash('sha256').update(body).digest('hex').slice(0, 13), 16), body }
}
