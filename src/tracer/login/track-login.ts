import { eventName, tag } from '../../model/tags.ts'
import type { BlockAction } from './login-target.ts'
import { requireText, type LoginScope } from './login-scope.ts'
import { businessLogicAddress, subjectAddresses, writeEvent } from './track-event.ts'
import { setUserTags } from './user.ts'

/** A login that succeeded: `login` is what was typed, `user` an id or a user object. Metadata may overwrite `usr.login`. */
export function trackLoginSuccess(
  scope: LoginScope,
  login: unknown,
  user: unknown,
  metadata: unknown,
): BlockAction | undefined {
  return trackWithUser(scope, eventName.loginSuccess, login, user, metadata)
}

/** An account that was created; told as a successful login is. */
export function trackUserSignup(
  scope: LoginScope,
  login: unknown,
  user: unknown,
  metadata: unknown,
): BlockAction | undefined {
  return trackWithUser(scope, eventName.signup, login, user, metadata)
}

function trackWithUser(
  scope: LoginScope,
  event: string,
  login: unknown,
  user: unknown,
  metadata: unknown,
): BlockAction | undefined {
  requireText(scope, 'login', login)
  const known = withId(user)
  // `usr` comes last, so that a login inside the user object wins, as Datadog tracers have it.
  writeEvent(scope, event, { [tag.usrLogin]: login, ...record(metadata), ...(known ? { usr: known } : {}) })
  if (known !== undefined) setUserTags(scope.target, known)
  const id = known === undefined ? undefined : String(known.id)
  return scope.target.check(
    { [businessLogicAddress(event)]: null, ...subjectAddresses({ login, ...(id === undefined ? {} : { id }) }) },
    { login, ...(id === undefined ? {} : { userId: id }) },
  )
}

/**
 * A login that failed: `exists` says whether there is such an account. `(login, metadata)` is taken as well, and then
 * the account is taken not to exist.
 */
export function trackLoginFailure(
  scope: LoginScope,
  login: unknown,
  exists: unknown,
  metadata: unknown,
): BlockAction | undefined {
  requireText(scope, 'login', login)
  const metadataOnly = typeof exists === 'object' && exists !== null && metadata === undefined
  const fields = metadataOnly ? record(exists) : record(metadata)
  writeEvent(scope, eventName.loginFailure, {
    [tag.usrLogin]: login,
    [tag.usrExists]: !metadataOnly && Boolean(exists) ? 'true' : 'false',
    ...fields,
  })
  return scope.target.check(
    { [businessLogicAddress(eventName.loginFailure)]: null, ...subjectAddresses({ login }) },
    { login },
  )
}

/** A password reset that was asked for. `exists` is told where it is known. */
export function trackPasswordReset(
  scope: LoginScope,
  login: unknown,
  exists: unknown,
  metadata: unknown,
): BlockAction | undefined {
  requireText(scope, 'login', login)
  const known = typeof exists === 'boolean' ? { [tag.usrExists]: exists, exists } : {}
  writeEvent(scope, eventName.passwordReset, {
    [tag.usrLogin]: login,
    ...known,
    ...record(metadata ?? (typeof exists === 'object' ? exists : undefined)),
  })
  return scope.target.check(
    { [businessLogicAddress(eventName.passwordReset)]: null, ...subjectAddresses({ login }) },
    { login },
  )
}

function withId(user: unknown): { readonly id: unknown } | undefined {
  if (!user) return undefined
  if (typeof user !== 'object') return { id: user }
  return 'id' in user && user.id ? user : undefined
}

function record(metadata: unknown): object {
  return { ...(metadata as object | null | undefined) }
}
