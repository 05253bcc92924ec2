import type { Leaf } from '../../../query/query.ts'
import type { Binder } from './binder.ts'

/** The beginning of a member of the JSON object in `rest`. */
export function memberStart(name: string): string {
  return `${JSON.stringify(name)}:`
}

/** Shorter texts are in nearly every record. */
const SHORTEST_RUN = 3

/**
 * What `rest` has wherever a value in it passes: looking for a text costs a tenth of reading the JSON. Undefined where
 * nothing is known.
 */
export function restHint(leaf: Leaf, binder: Binder): string | undefined {
  if (leaf.kind !== 'is' && leaf.kind !== 'like') return undefined
  const literals = leaf.kind === 'is' ? [leaf.text] : leaf.glob.filter((part) => typeof part === 'string')
  const run = longestRun(literals)
  if (run.length < SHORTEST_RUN) return undefined
  const ignoresCase = leaf.kind === 'like' || leaf.ignoreCase
  if (!ignoresCase || !/[a-z]/i.test(run)) return `contains(rest, ${binder.text(run)})`
  return `regexp_matches(rest, ${binder.text(`(?is)${anyCase(run)}`)})`
}

/** The longest stretch that JSON has as it is. */
function longestRun(literals: readonly string[]): string {
  const runs = literals.flatMap((text) => text.match(/[ !#-[\]-~]+/g) ?? [])
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '')
}

/** U+0130 and U+212A fold to `i` and `k`, for which RE2 does not take both of them. */
function anyCase(run: string): string {
  return run.replaceAll(/[^a-hjl-z0-9]/gi, (character) =>
    /[ik]/i.test(character) ? '.' : `\\x{${character.charCodeAt(0).toString(16)}}`,
  )
}
