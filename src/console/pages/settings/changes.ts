/** One member that differs, each side as JSON; undefined where it was not there. */
export interface Change {
  /** Empty: the values are no objects, and stand for themselves. */
  readonly name: string
  readonly was: string | undefined
  readonly is: string | undefined
}

/** What differs between two values of the audit log, by the members of the first level; null stands for nothing. */
export function changesOf(before: unknown, after: unknown): readonly Change[] {
  const was = membersOf(before)
  const is = membersOf(after)
  const names = [...new Set([...was.keys(), ...is.keys()])]
  return names
    .map((name) => ({ name, was: was.get(name), is: is.get(name) }))
    .filter((change) => change.was !== change.is)
}

function membersOf(value: unknown): ReadonlyMap<string, string> {
  if (value === null || value === undefined) return new Map()
  if (typeof value !== 'object' || Array.isArray(value)) return new Map([['', JSON.stringify(value)]])
  return new Map(Object.entries(value).map(([name, member]) => [name, JSON.stringify(member)]))
}
