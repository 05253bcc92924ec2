import { fail, type PortcullisError } from '../../model/error.ts'
import { createDatadogAppsec, type DatadogAppsec } from './datadog-appsec.ts'
import { createLoginCalls } from './login-calls.ts'
import type { LoginScope, Metadata } from './login-scope.ts'
import type { BlockAction, LoginTarget } from './login-target.ts'
import { trackCustomEvent } from './track-event.ts'
import { trackLoginFailure, trackLoginSuccess, trackPasswordReset, trackUserSignup } from './track-login.ts'
import { checkUser, checkUserId, setUser } from './track-user.ts'
import { identified, type UserInfo } from './user.ts'

/**
 * What the service is to do after a login call. `respond` answers the request as the block says, on the given response
 * or on the one being handled; the service then returns without logging anyone in.
 */
export type LoginDecision =
  | { readonly blocked: false }
  | { readonly blocked: true; readonly action: BlockAction; respond(response?: unknown): void }

/** The login calls. None throws; bad input and calls outside a request warn once and decide `{ blocked: false }`. */
export interface LoginSdk {
  /** `login`: what was typed. `user`: the id of the account, or a user object whose properties become `usr.*` tags. */
  trackLoginSuccess(login: string, user?: string | number | UserInfo, metadata?: Metadata): LoginDecision
  /** `exists`: whether there is an account of that name. */
  trackLoginFailure(login: string, exists: boolean, metadata?: Metadata): LoginDecision
  /** An object without an id in second place is metadata. */
  trackUserSignup(login: string, user?: string | number | UserInfo | Metadata, metadata?: Metadata): LoginDecision
  trackPasswordReset(login: string, exists?: boolean | Metadata, metadata?: Metadata): LoginDecision
  trackCustomEvent(name: string, metadata?: Metadata): LoginDecision
  setUser(user: string | number | UserInfo): LoginDecision
  isUserBlocked(user: string | number | UserInfo): boolean
  /** The names of Datadog tracers. */
  readonly appsec: DatadogAppsec
}

export interface LoginSdkOptions {
  /** The request being handled. */
  readonly active: () => LoginTarget | undefined
  /** Checks a user where no request is being handled. */
  readonly checkOutside: LoginTarget['check']
  readonly warn: (problem: PortcullisError) => void
  /** Answers the request of `target`; `response` is what the service gave, if anything. */
  readonly respond: (target: LoginTarget, action: BlockAction, response: unknown) => void
  readonly blockRequest: (request: unknown, response: unknown) => boolean
}

const notBlocked: LoginDecision = Object.freeze({ blocked: false })

/** The login calls over the request that is being handled. */
export function createLoginSdk(options: LoginSdkOptions): LoginSdk {
  const { respond, checkOutside, blockRequest } = options
  const calls = createLoginCalls(options)

  function decide(call: string, body: (scope: LoginScope) => BlockAction | undefined): LoginDecision {
    const decision = calls.run(call, (scope): LoginDecision => {
      const action = body(scope)
      if (action === undefined) return notBlocked
      return { blocked: true, action, respond: (response) => respond(scope.target, action, response) }
    })
    return decision ?? notBlocked
  }

  function isBlockedOutside(id: string | undefined): boolean {
    return id !== undefined && checkUserId({ check: checkOutside }, id) !== undefined
  }

  return {
    trackLoginSuccess: (login, user, metadata) =>
      decide('trackLoginSuccess', (scope) =>
        trackLoginSuccess(scope, login, userOf(scope, user), metadataOf(scope, metadata)),
      ),
    trackLoginFailure: (login, exists, metadata) =>
      decide('trackLoginFailure', (scope) => {
        if (typeof exists !== 'boolean') scope.warn(fail('LOGIN_INVALID', scope.call, 'exists must be true or false'))
        return trackLoginFailure(scope, login, exists, metadataOf(scope, metadata))
      }),
    trackUserSignup: (login, user, metadata) =>
      decide('trackUserSignup', (scope) =>
        isMetadata(user) && metadata === undefined
          ? trackUserSignup(scope, login, undefined, user)
          : trackUserSignup(scope, login, userOf(scope, user), metadataOf(scope, metadata)),
      ),
    trackPasswordReset: (login, exists, metadata) =>
      decide('trackPasswordReset', (scope) => trackPasswordReset(scope, login, exists, metadataOf(scope, metadata))),
    trackCustomEvent: (name, metadata) =>
      decide('trackCustomEvent', (scope) => trackCustomEvent(scope, name, metadataOf(scope, metadata))),
    setUser: (user) => decide('setUser', (scope) => setUser(scope, identified(user))),
    isUserBlocked: (user) =>
      calls.run(
        'isUserBlocked',
        (scope) => checkUser(scope, identified(user)) !== undefined,
        () => isBlockedOutside(identified(user)?.id),
      ) ?? false,
    appsec: createDatadogAppsec(calls, { isBlockedOutside, blockRequest }),
  }
}

/** A user with a text id; one that cannot be read is left out, and that is told. */
function userOf(scope: LoginScope, user: unknown): object | undefined {
  if (user === undefined || user === null) return undefined
  const known = identified(user)
  if (known === undefined) scope.warn(fail('LOGIN_INVALID', scope.call, 'the user must have an id'))
  return known
}

function metadataOf(scope: LoginScope, metadata: unknown): object | undefined {
  if (metadata === undefined || metadata === null) return undefined
  if (typeof metadata === 'object') return metadata
  scope.warn(fail('LOGIN_INVALID', scope.call, 'the metadata must be an object'))
  return undefined
}

function isMetadata(user: unknown): user is object {
  return typeof user === 'object' && user !== null && !('id' in user)
}
