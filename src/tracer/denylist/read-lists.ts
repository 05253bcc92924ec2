import type { DataItem } from '../../model/remote-config.ts'

/** The lists that the denylist is made of, and the section of `ASM_DATA` each is in. */
export const listSections = {
  blocked_ips: 'rules_data',
  blocked_users: 'rules_data',
  passlisted_ips: 'exclusion_data',
  passlisted_users: 'exclusion_data',
} as const

export type ListName = keyof typeof listSections
export const listNames = Object.keys(listSections) as readonly ListName[]

const types: Readonly<Record<ListName, string>> = {
  blocked_ips: 'ip_with_expiration',
  blocked_users: 'data_with_expiration',
  passlisted_ips: 'ip_with_expiration',
  passlisted_users: 'data_with_expiration',
}

/**
 * Items of each list in the content of an `ASM_DATA` configuration; lists it does not have are absent. Other lists, which
 * are data of rules, are left to the rule engine. Throws an Error that says what is malformed.
 */
export function readLists(content: unknown): ReadonlyMap<ListName, readonly unknown[]> {
  if (typeof content !== 'object' || content === null) throw new Error('the configuration is not an object')
  const lists = new Map<ListName, readonly unknown[]>()
  for (const name of listNames) {
    const section: unknown = Reflect.get(content, listSections[name])
    if (section === undefined || section === null) continue
    if (!Array.isArray(section)) throw new Error(`${listSections[name]} is not a list`)
    let items: readonly unknown[] = []
    for (const entry of section as unknown[]) {
      if (typeof entry !== 'object' || entry === null || Reflect.get(entry, 'id') !== name) continue
      const type: unknown = Reflect.get(entry, 'type')
      if (type !== types[name])
        throw new Error(`${name} has the type ${JSON.stringify(type)} instead of ${types[name]}`)
      const data: unknown = Reflect.get(entry, 'data')
      if (!Array.isArray(data)) throw new Error(`${name} has no list of data`)
      items = items.length === 0 ? data : [...items, ...(data as unknown[])]
    }
    if (items.length > 0) lists.set(name, items)
  }
  return lists
}

/** The items that can be read; `onBad` is told of each other. */
export function* validItems(items: readonly unknown[], onBad: (item: string) => void): Generator<DataItem> {
  for (const item of items) {
    const value: unknown = typeof item === 'object' && item !== null ? Reflect.get(item, 'value') : undefined
    const expiration: unknown = typeof item === 'object' && item !== null ? Reflect.get(item, 'expiration') : undefined
    if (typeof value !== 'string') onBad(JSON.stringify(item) ?? 'undefined')
    else if (expiration === undefined || expiration === null) yield { value }
    else if (typeof expiration === 'number' && Number.isFinite(expiration)) yield { value, expiration }
    else if (typeof expiration === 'string' && /^\d{1,15}$/.test(expiration))
      yield { value, expiration: Number(expiration) }
    else onBad(value)
  }
}
