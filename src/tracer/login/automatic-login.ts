import { eventName, eventPrefix, tag } from '../../model/tags.ts'
import { anonymized, type CollectionMode } from './collection-mode.ts'
import type { BlockAction, LoginTarget } from './login-target.ts'
import { businessLogicAddress, sdkTag } from './track-event.ts'
import { ownText } from './user.ts'

/** Tags of what the automatic instrumentation saw, whatever the SDK says of the same login. */
const AUTO_LOGIN = '_dd.appsec.usr.login'
const AUTO_ID = '_dd.appsec.usr.id'
/** Where the id of a user object is looked for. */
const idFields = ['id', '_id', 'email', 'username', 'login', 'user'] as const

/** A login as an authentication library reports it. */
export interface ObservedLogin {
  readonly login: string
  /** The user object of the service; only its id is used. */
  readonly user: unknown
  readonly success: boolean
  /** Whether there is an account of that name, where it is known. */
  readonly exists?: boolean
}

/**
 * Tells of a login that the service did not report itself. What the SDK said of the same event stands.
 * Returns the action when the login is to be blocked. Source: spec/tracer.md 2.9.
 */
export function trackAutomaticLogin(
  target: LoginTarget,
  observed: ObservedLogin,
  mode: CollectionMode,
): BlockAction | undefined {
  if (mode === 'disabled') return undefined
  const event = observed.success ? eventName.loginSuccess : eventName.loginFailure
  const prefix = `${eventPrefix}${event}.`
  const told = target.tag(sdkTag(event)) === 'true'
  const setUnlessTold = (name: string, value: string): boolean => {
    if (told && target.tag(name)) return false
    target.setTag(name, value)
    return true
  }
  const login = hidden(observed.login, mode)
  const userId = userIdOf(observed.user, mode)
  const addresses: Record<string, unknown> = { [tag.usrLogin]: login, [businessLogicAddress(event)]: null }

  target.setTag(`${prefix}track`, 'true')
  target.setTag(`_dd.${prefix}auto.mode`, mode)
  target.setTag(AUTO_LOGIN, login)
  setUnlessTold(`${prefix}${tag.usrLogin}`, login)
  let checkedId: string | undefined
  if (userId !== undefined) {
    target.setTag(AUTO_ID, userId)
    const set = setUnlessTold(observed.success ? tag.usrId : `${prefix}${tag.usrId}`, userId)
    if (observed.success && set) {
      checkedId = userId
      addresses[tag.usrId] = userId
    }
  }
  if (observed.exists !== undefined) setUnlessTold(`${prefix}${tag.usrExists}`, String(observed.exists))
  target.keep()
  return target.check(addresses, { login, ...(checkedId === undefined ? {} : { userId: checkedId }) })
}

/** Tells whose session a request belongs to, unless the SDK said it. */
export function trackAutomaticUser(target: LoginTarget, user: unknown, mode: CollectionMode): BlockAction | undefined {
  if (mode === 'disabled') return undefined
  const userId = userIdOf(user, mode)
  if (userId === undefined) return undefined
  target.setTag(AUTO_ID, userId)
  if (target.tag(tag.userCollectionMode) === 'sdk') return undefined
  target.setTag(tag.usrId, userId)
  target.setTag(tag.userCollectionMode, mode)
  return target.check({ [tag.usrId]: userId }, { userId })
}

function userIdOf(user: unknown, mode: CollectionMode): string | undefined {
  if (!user) return undefined
  for (const field of idFields) {
    const value: unknown = Reflect.get(Object(user) as object, field)
    const id = value ? ownText(Object(value) as object) : undefined
    if (id !== undefined) return hidden(id, mode)
  }
  return undefined
}

function hidden(value: string, mode: CollectionMode): string {
  return mode === 'anonymization' ? anonymized(value) : value
}
