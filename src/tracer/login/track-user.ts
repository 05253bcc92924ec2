import { fail } from '../../model/error.ts'
import { tag } from '../../model/tags.ts'
import type { LoginScope } from './login-scope.ts'
import type { BlockAction, LoginTarget } from './login-target.ts'
import { setUserTags } from './user.ts'

/** Says whose request this is: `usr.*` tags, and a check of the user and the session. `user.id` must not be empty. */
export function setUser(scope: LoginScope, user: unknown): BlockAction | undefined {
  const known = requireUser(scope, user)
  setUserTags(scope.target, known)
  const id = String(known.id)
  const session = 'session_id' in known ? known.session_id : undefined
  return scope.target.check(
    { [tag.usrId]: id, ...(typeof session === 'string' && session !== '' ? { [tag.usrSessionId]: session } : {}) },
    { userId: id },
  )
}

/** Checks a user without saying that the request is theirs, unless nobody was named yet. */
export function checkUser(scope: LoginScope, user: unknown): BlockAction | undefined {
  const known = requireUser(scope, user)
  if (!scope.target.tag(tag.usrId)) setUserTags(scope.target, known)
  return checkUserId(scope.target, String(known.id))
}

export function checkUserId(target: Pick<LoginTarget, 'check'>, userId: string): BlockAction | undefined {
  return target.check({ [tag.usrId]: userId }, { userId })
}

export function requireUser(scope: Pick<LoginScope, 'call'>, user: unknown): { readonly id: unknown } {
  if (typeof user === 'object' && user !== null && 'id' in user && user.id) return user
  throw fail('LOGIN_INVALID', scope.call, 'the user must have an id')
}
