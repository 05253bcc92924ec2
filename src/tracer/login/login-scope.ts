import { fail, type PortcullisError } from '../../model/error.ts'
import type { LoginTarget } from './login-target.ts'

/** One call of the login SDK: where it writes, what it is called in messages, and whom it warns. */
export interface LoginScope {
  readonly target: LoginTarget
  readonly call: string
  readonly warn: (problem: PortcullisError) => void
}

/** Extra fields of an event; nested values are flattened with dots. */
export type Metadata = Readonly<Record<string, unknown>>

/** Throws LOGIN_INVALID unless `value` is a text with something in it. */
export function requireText(scope: LoginScope, name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '') return
  throw fail('LOGIN_INVALID', scope.call, `${name} must be a string that is not empty`)
}
