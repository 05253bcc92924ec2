import { eventName, tag } from '../../model/tags.ts'
import { requireText, type LoginScope, type Metadata } from './login-scope.ts'
import type { LoginCalls } from './login-calls.ts'
import { businessLogicAddress, subjectAddresses, trackCustomEvent, writeEvent } from './track-event.ts'
import { trackLoginFailure, trackLoginSuccess } from './track-login.ts'
import { checkUser, requireUser, setUser } from './track-user.ts'
import { identified, setUserTags, type UserInfo } from './user.ts'

/**
 * `tracer.appsec` as Datadog tracers have it, so that their users change one import.
 * The calls write tags and run the WAF but never block by themselves. Source: spec/tracer.md 2.1.
 */
export interface DatadogAppsec {
  setUser(user: UserInfo): void
  isUserBlocked(user: UserInfo): boolean
  /** Answers with the block page; the request and the response default to those being handled. */
  blockRequest(request?: unknown, response?: unknown): boolean
  /** @deprecated Use `eventTrackingV2.trackUserLoginSuccess`, or `trackLoginSuccess`. */
  trackUserLoginSuccessEvent(user: UserInfo, metadata?: Metadata): void
  /** @deprecated Use `eventTrackingV2.trackUserLoginFailure`, or `trackLoginFailure`. */
  trackUserLoginFailureEvent(userId: string, exists: boolean, metadata?: Metadata): void
  trackCustomEvent(name: string, metadata?: Metadata): void
  readonly eventTrackingV2: {
    trackUserLoginSuccess(login: string, user?: string | UserInfo | null, metadata?: Metadata): void
    trackUserLoginFailure(login: string, exists?: boolean | Metadata, metadata?: Metadata): void
  }
}

export function createDatadogAppsec(
  calls: LoginCalls,
  outside: {
    readonly isBlockedOutside: (userId: string | undefined) => boolean
    readonly blockRequest: (request: unknown, response: unknown) => boolean
  },
): DatadogAppsec {
  return {
    setUser: (user) => void calls.run('appsec.setUser', (scope) => setUser(scope, user)),
    isUserBlocked: (user) =>
      calls.run(
        'appsec.isUserBlocked',
        (scope) => checkUser(scope, user) !== undefined,
        () => outside.isBlockedOutside(identified(user)?.id),
      ) ?? false,
    blockRequest: (request, response) => outside.blockRequest(request, response),
    trackUserLoginSuccessEvent: (user, metadata) =>
      calls.run('appsec.trackUserLoginSuccessEvent', (scope) => firstSuccessEvent(scope, user, metadata)),
    trackUserLoginFailureEvent: (userId, exists, metadata) =>
      calls.run('appsec.trackUserLoginFailureEvent', (scope) => firstFailureEvent(scope, userId, exists, metadata)),
    trackCustomEvent: (name, metadata) =>
      void calls.run('appsec.trackCustomEvent', (scope) => trackCustomEvent(scope, name, metadata)),
    eventTrackingV2: {
      trackUserLoginSuccess: (login, user, metadata) =>
        void calls.run('appsec.eventTrackingV2.trackUserLoginSuccess', (scope) =>
          trackLoginSuccess(scope, login, user, metadata),
        ),
      trackUserLoginFailure: (login, exists, metadata) =>
        void calls.run('appsec.eventTrackingV2.trackUserLoginFailure', (scope) =>
          trackLoginFailure(scope, login, exists, metadata),
        ),
    },
  }
}

/** The first form of the success event: the login is in the user, and the event carries no `usr.id` of its own. */
function firstSuccessEvent(scope: LoginScope, user: unknown, metadata: unknown): void {
  const known = requireUser(scope, user)
  const login = ('login' in known ? (known.login as string | number | undefined) : undefined) ?? String(known.id)
  writeEvent(scope, eventName.loginSuccess, { [tag.usrLogin]: login, ...(metadata as object | undefined) })
  setUserTags(scope.target, known)
  const id = String(known.id)
  const subject = { id, ...(login ? { login: String(login) } : {}) }
  scope.target.check(
    { [businessLogicAddress(eventName.loginSuccess)]: null, ...subjectAddresses(subject) },
    { userId: id, ...(subject.login === undefined ? {} : { login: subject.login }) },
  )
}

/** The first form of the failure event: one text is both the id and the login. */
function firstFailureEvent(scope: LoginScope, userId: unknown, exists: unknown, metadata: unknown): void {
  requireText(scope, 'userId', userId)
  writeEvent(scope, eventName.loginFailure, {
    [tag.usrId]: userId,
    [tag.usrLogin]: userId,
    [tag.usrExists]: exists ? 'true' : 'false',
    ...(metadata as object | undefined),
  })
  scope.target.check(
    { [businessLogicAddress(eventName.loginFailure)]: null, ...subjectAddresses({ login: userId }) },
    { login: userId },
  )
}
