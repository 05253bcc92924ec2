/**
 * A schema names the kinds of item in a list; the reference does so in the order of its hash table. It also loses a key
 * named __proto__, since its binding assigns keys to an ordinary object.
 */
export function sortedSchema(schema: unknown): unknown {
  if (!Array.isArray(schema)) return schema
  const [first, ...rest] = schema as readonly unknown[]
  if (Array.isArray(first))
    return [first.map(sortedSchema).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)), ...rest]
  if (typeof first !== 'object' || first === null) return schema
  const entries = Object.entries(first)
    .filter(([key]) => key !== '__proto__')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return [Object.fromEntries(entries.map(([key, value]) => [key, sortedSchema(value)])), ...rest]
}
