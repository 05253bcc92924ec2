export { PortcullisError, type ErrorCode } from './model/error.ts'
export type { ConfigOptions } from './tracer/config.ts'
export type { DatadogAppsec } from './tracer/login/datadog-appsec.ts'
export type { LoginDecision } from './tracer/login/login-sdk.ts'
export type { BlockAction } from './tracer/login/login-target.ts'
export type { Metadata } from './tracer/login/login-scope.ts'
export type { UserInfo } from './tracer/login/user.ts'
export {
  currentSpan,
  start,
  stop,
  traceHeaders,
  type SpanHandle,
  type StartOptions,
  type Tracer,
} from './tracer/start.ts'
export {
  blockRequest,
  isUserBlocked,
  setUser,
  trackCustomEvent,
  trackLoginFailure,
  trackLoginSuccess,
  trackPasswordReset,
  trackUserSignup,
} from './tracer/login.ts'
export type { WarningLogger } from './tracer/warning-log.ts'
