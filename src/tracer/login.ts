import { fail } from '../model/error.ts'
import type { Metadata } from './login/login-scope.ts'
import type { LoginDecision, LoginSdk } from './login/login-sdk.ts'
import type { UserInfo } from './login/user.ts'
import { runningTracer } from './start.ts'

const notBlocked: LoginDecision = Object.freeze({ blocked: false })
const warned = new Set<string>()

/** A login that succeeded. `login` is what was typed; `user` the account's id, or an object with it. */
export function trackLoginSuccess(
  login: string,
  user?: string | number | UserInfo,
  metadata?: Metadata,
): LoginDecision {
  return sdk('trackLoginSuccess')?.trackLoginSuccess(login, user, metadata) ?? notBlocked
}

/** A login that failed. `exists`: whether there is an account of that name. */
export function trackLoginFailure(login: string, exists: boolean, metadata?: Metadata): LoginDecision {
  return sdk('trackLoginFailure')?.trackLoginFailure(login, exists, metadata) ?? notBlocked
}

/** An account that was created. */
export const trackUserSignup: LoginSdk['trackUserSignup'] = (login, user, metadata) =>
  sdk('trackUserSignup')?.trackUserSignup(login, user, metadata) ?? notBlocked

/** A password reset that was asked for. */
export const trackPasswordReset: LoginSdk['trackPasswordReset'] = (login, exists, metadata) =>
  sdk('trackPasswordReset')?.trackPasswordReset(login, exists, metadata) ?? notBlocked

/** Any event of the service's own. */
export function trackCustomEvent(name: string, metadata?: Metadata): LoginDecision {
  return sdk('trackCustomEvent')?.trackCustomEvent(name, metadata) ?? notBlocked
}

/** Says whose request this is, and checks the user against the denylist. */
export function setUser(user: string | number | UserInfo): LoginDecision {
  return sdk('setUser')?.setUser(user) ?? notBlocked
}

/** Whether the user is on the denylist or blocked by a rule. */
export function isUserBlocked(user: string | number | UserInfo): boolean {
  return sdk('isUserBlocked')?.isUserBlocked(user) ?? false
}

/** Answers with the block page; the request and the response default to those being handled. */
export function blockRequest(request?: unknown, response?: unknown): boolean {
  return sdk('blockRequest')?.appsec.blockRequest(request, response) ?? false
}

function sdk(call: string): LoginSdk | undefined {
  const tracer = runningTracer()
  if (tracer === undefined && !warned.has(call)) {
    warned.add(call)
    const { code, message } = fail('TRACER_NOT_STARTED', call)
    process.emitWarning(message, { type: 'PortcullisWarning', code })
  }
  return tracer?.scope === undefined ? undefined : tracer.login
}
