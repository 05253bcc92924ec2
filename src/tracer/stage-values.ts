/** The headers without one of them, and without the pseudo headers of HTTP/2; a copy only where it takes one. */
export function withoutHeader(
  headers: Readonly<Record<string, unknown>>,
  left: string,
): Readonly<Record<string, unknown>> {
  if (headers[left] === undefined && headers[':method'] === undefined && headers[':status'] === undefined)
    return headers
  const copy: Record<string, unknown> = {}
  for (const name in headers) {
    if (name !== left && !name.startsWith(':')) copy[name] = headers[name]
  }
  return copy
}

/** Whether two flat records say the same: routers make a new one for every layer. */
export function sameEntries(value: unknown, before: unknown): boolean {
  if (typeof value !== 'object' || value === null || typeof before !== 'object' || before === null) return false
  const [now, then] = [value, before] as Record<string, unknown>[]
  const names = Object.keys(value)
  return names.length === Object.keys(before).length && names.every((name) => now?.[name] === then?.[name])
}

/** Whether there is nothing in a value for the WAF to look at. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  if (typeof value !== 'object') return false
  for (const _ in value) return false
  return Object.keys(value).length === 0 && !(value instanceof Map) && !(value instanceof Set)
}
