import type { PathItem } from './path-tree.ts'
import type { Place } from './value-tree.ts'

/** A value that matched, and where it stands. */
export interface FoundValue {
  readonly address: string
  readonly keyPath: readonly string[]
  readonly value: string
}

/** What a condition found; `resource` and `dialect` only for exploit operators. */
export interface Found extends FoundValue {
  readonly highlight: readonly string[]
  readonly resource?: FoundValue
  readonly dialect?: FoundValue
}

/** The keys from the address down to the place, as events show them: indices of lists as strings. */
export function keyPathOf(place: Place): string[] {
  const path: string[] = []
  for (let at: Place | undefined = place; at?.parent !== undefined; at = at.parent)
    path.push(wellFormed(String(at.key)))
  return path.reverse()
}

export function pathToStrings(path: readonly PathItem[]): string[] {
  return path.map(String)
}

/** The text as UTF-8 can hold it: a surrogate without its other half becomes U+FFFD. */
export function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text
}
