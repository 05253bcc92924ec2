/** Fields that hold a random id: equal when both are there. */
const randomIds: ReadonlySet<string> = new Set(['security_response_id', 'stack_id'])

/** Whether two values are the same as JSON, whatever the order of keys; random ids aside. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => sameJson(item, b[index]))
  }
  const [left, right] = [definedEntries(a), new Map(definedEntries(b))]
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && (randomIds.has(key) || sameJson(value, right.get(key))))
  )
}

function definedEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, item]) => item !== undefined)
}
