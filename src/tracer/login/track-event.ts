import { fail } from '../../model/error.ts'
import { eventName, eventPrefix, tag } from '../../model/tags.ts'
import type { BlockAction } from './login-target.ts'
import { flatten } from './flatten.ts'
import { requireText, type LoginScope } from './login-scope.ts'

/** Tag that says that the SDK told of an event, and not the automatic instrumentation. */
export function sdkTag(event: string): string {
  return `_dd.${eventPrefix}${event}.sdk`
}

/** WAF address that says that a business event happened; its value is always null. */
export function businessLogicAddress(event: string): string {
  return `server.business_logic.${event}`
}

/** Writes the tags of a business-logic event and keeps the trace. */
export function writeEvent(scope: LoginScope, event: string, fields: object): void {
  const { fields: flat, truncated } = flatten(fields)
  if (truncated) {
    scope.warn(fail('LOGIN_INVALID', scope.call, 'the metadata is too deep or too large; what is beyond was left out'))
  }
  const { target } = scope
  target.setTag(`${eventPrefix}${event}.track`, 'true')
  target.setTag(sdkTag(event), 'true')
  for (const [key, value] of flat) target.setTag(`${eventPrefix}${event}.${key}`, value)
  target.keep()
}

const loginEvents: ReadonlySet<string> = new Set([eventName.loginSuccess, eventName.loginFailure])

/** Any event of the service's own. Only the two login events are told to the WAF. */
export function trackCustomEvent(scope: LoginScope, event: unknown, metadata: unknown): BlockAction | undefined {
  requireText(scope, 'the event name', event)
  writeEvent(scope, event, Object(metadata ?? {}) as object)
  return loginEvents.has(event) ? scope.target.check({ [businessLogicAddress(event)]: null }, {}) : undefined
}

/** Who an event is about, as addresses of the WAF. */
export function subjectAddresses(subject: { readonly id?: string; readonly login?: string }): Record<string, string> {
  return {
    ...(subject.id === undefined ? {} : { [tag.usrId]: subject.id }),
    ...(subject.login === undefined ? {} : { [tag.usrLogin]: subject.login }),
  }
}
