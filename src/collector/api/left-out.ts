import type { LeftOut } from '../respond/respond.ts'
import { array, count, object, text, type Schema } from './schema.ts'

/** Addresses that one reply names; the others are there too. */
const maxShown = 1_000

/** What an answer to a signal spares. */
export const leftOutSchema: Schema = {
  ...object({
    total: count,
    items: { ...array(object({ value: text, why: text })), description: `the first ${maxShown}` },
  }),
  description: 'addresses of the signal that look like those of ordinary people: they are not blocked',
}

/** As `leftOutSchema` says. */
export function shownLeftOut(leftOut: readonly LeftOut[]): object {
  return { total: leftOut.length, items: leftOut.slice(0, maxShown) }
}
