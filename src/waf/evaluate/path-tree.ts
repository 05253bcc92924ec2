/** One item of a key path: a key of a map, or an index of a list (negative: from the end). */
export type PathItem = string | number

/** A node of the key paths that a plan follows below one address; the root is the address itself. */
export interface PathNode {
  /** Number of the path within its address. */
  readonly id: number
  readonly path: readonly PathItem[]
  readonly children: Map<PathItem, PathNode>
  /** Whether some child is an index. */
  indices: boolean
  /** Whether something reads this path, rather than only longer ones. */
  wanted: boolean
}

/** The key paths of one address, numbered as they are added. */
export class PathTree {
  readonly root: PathNode = { id: 0, path: [], children: new Map(), indices: false, wanted: true }
  #count = 1

  /** The node of the path, made when it is new. */
  add(path: readonly PathItem[]): PathNode {
    let node = this.root
    for (const [depth, item] of path.entries()) {
      let child = node.children.get(item)
      if (child === undefined) {
        child = { id: this.#count, path: path.slice(0, depth + 1), children: new Map(), indices: false, wanted: false }
        this.#count += 1
        node.children.set(item, child)
        if (typeof item === 'number') node.indices = true
      }
      node = child
    }
    node.wanted = true
    return node
  }
}
