import { tag } from '../../model/tags.ts'
import type { LoginTarget } from './login-target.ts'

/** A user of the service; every own property becomes a span tag `usr.<name>`. */
export interface UserInfo {
  readonly id: string | number | bigint
  readonly [property: string]: unknown
}

/** Writes `usr.*` from a user of the SDK, and that the SDK said it. */
export function setUserTags(target: LoginTarget, user: object): void {
  const tags = Object.entries(user).map(([key, value]) => [`usr.${key}`, String(value)] as const)
  for (const [name, value] of tags) target.setTag(name, value)
  target.setTag(tag.userCollectionMode, 'sdk')
}

/**
 * A user with a text id, from an id or a user object; undefined when there is no usable id.
 * Ids of databases (numbers, 0 among them, or objects with a text of their own) are written as text, so that 7 equals "7".
 */
export function identified(user: unknown): (object & { readonly id: string }) | undefined {
  if (typeof user === 'object' && user !== null && 'id' in user) {
    const id = idText(user.id)
    return id === undefined ? undefined : { ...user, id }
  }
  const id = typeof user === 'object' ? undefined : idText(user)
  return id === undefined ? undefined : { id }
}

function idText(id: unknown): string | undefined {
  if (typeof id === 'number') return Number.isNaN(id) ? undefined : String(id)
  if (typeof id === 'string' || typeof id === 'bigint') return String(id) || undefined
  return typeof id === 'object' && id !== null ? ownText(id) : undefined
}

/** The text of an object that has one of its own, such as an ObjectId. */
export function ownText(value: object): string | undefined {
  // A class may define toString; what inherits it from Object says "[object …]", and is no id.
  const text: unknown = Reflect.get(value, 'toString')
  if (typeof text !== 'function') return undefined
  const said: unknown = Reflect.apply(text, value, [])
  return typeof said === 'string' && said !== '' && !said.startsWith('[object ') ? said : undefined
}
