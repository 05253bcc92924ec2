import type { PathItem } from './path-tree.ts'
import type { Container, Leaf, Place, ValueTree } from './value-tree.ts'

/** Places that input filters hide from a rule. */
export type HiddenPlaces = ReadonlySet<Place>

/** Whether the place, or something it stands in, is hidden. */
export function isHidden(place: Place, hidden: HiddenPlaces): boolean {
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) if (hidden.has(at)) return true
  return (place as Partial<Leaf>).leavesBefore !== undefined && hidesKey(place, hidden)
}

/** The key of an entry is hidden with the entry. */
function hidesKey(key: Place, hidden: HiddenPlaces): boolean {
  for (const place of hidden) if (place.parent === key.parent && place.key === key.key) return true
  return false
}

/** The places of a tree that a path with wildcards leads to. */
export function placesAt(tree: ValueTree, path: readonly PathItem[]): Place[] {
  return [...tree.containers, ...tree.leaves].filter((place) => leadsTo(place, path))
}

function leadsTo(place: Place, path: readonly PathItem[]): boolean {
  let at = place
  for (let depth = path.length - 1; depth >= 0; depth -= 1) {
    const item = path[depth]
    if (at.parent === undefined || (item !== '*' && at.key !== item && !isFromEnd(at, item))) return false
    at = at.parent
  }
  return at.parent === undefined
}

/** Whether a negative index stands for the place, in a list. */
function isFromEnd({ parent, key }: Place, item: PathItem | undefined): boolean {
  const list = (parent as Partial<Container> | undefined)?.raw
  return typeof item === 'number' && item < 0 && Array.isArray(list) && key === list.length + item
}
