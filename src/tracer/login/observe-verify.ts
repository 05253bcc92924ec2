import { trackAutomaticLogin, trackAutomaticUser } from './automatic-login.ts'
import type { CollectionMode } from './collection-mode.ts'
import type { BlockAction, LoginTarget } from './login-target.ts'

/** The request in which a library verifies somebody. */
export interface ObservedRequest extends LoginTarget {
  /** Answers the request; false when that is no longer possible. */
  block(action: BlockAction): boolean
}

/** Where observed logins go. */
export interface LoginObserver {
  readonly active: () => ObservedRequest | undefined
  readonly mode: () => CollectionMode
}

export interface VerifyOptions {
  /** Name of the strategy, such as `local`. */
  readonly strategy: string
  /** Whether there is an account of that name; asked when a login failed, so that the event says it. */
  readonly exists?: (login: string) => boolean | undefined | Promise<boolean | undefined>
  /**
   * What was typed, where it is not the first of (login, password): from the arguments of the verify callback and the
   * user, if there is one.
   */
  readonly login?: (verifyArguments: readonly unknown[], user: unknown) => string | undefined
}

type Callback = (this: unknown, ...all: unknown[]) => unknown

/** Strategies that recognise a client again by a token, on every request: no login happens there. */
const tokenStrategies: ReadonlySet<string> = new Set([
  'bearer',
  'jwt',
  'session',
  'anonymous',
  'remember-me',
  'headerapikey',
  'localapikey',
  'hawk',
])
/** Where the login of a user object is looked for when the callback was not given one. */
const loginFields = ['login', 'username', 'email', 'preferred_username'] as const

/**
 * A verify callback that does what `verify` does, and tells of the outcome: its last argument is called with
 * `(error, user)`. A blocked login is answered, and the callback is then not called. An error is neither success nor failure.
 */
export function observeVerify(verify: Callback, options: VerifyOptions, observer: LoginObserver): Callback {
  function observed(this: unknown, ...all: unknown[]): unknown {
    const at = all.findLastIndex((argument) => typeof argument === 'function')
    // Taken here, since drivers of databases may call back outside the request's course.
    const request = observer.active()
    if (at !== -1 && request !== undefined) {
      const done = all[at] as Callback
      const given = all.slice(isRequest(all[0]) ? 1 : 0, at)
      all[at] = observeDone(done, (user, proceed) => observe(request, user, given, proceed))
    }
    return verify.apply(this, all)
  }

  function observe(
    request: ObservedRequest,
    user: unknown,
    given: readonly unknown[],
    proceed: () => unknown,
  ): unknown {
    const finish = (exists?: boolean): unknown => {
      const action = quietly(() => trackOutcome(request, user, given, exists))
      return action !== undefined && request.block(action) ? undefined : proceed()
    }
    const login = user || options.exists === undefined ? undefined : quietly(() => loginOf(given, user, options))
    const exists = login === undefined ? undefined : quietly(() => options.exists?.(login))
    if (!(exists instanceof Promise)) return finish(exists)
    return exists.then(
      (known) => finish(known),
      () => finish(),
    )
  }

  function trackOutcome(
    request: ObservedRequest,
    user: unknown,
    given: readonly unknown[],
    exists: boolean | undefined,
  ): BlockAction | undefined {
    if (tokenStrategies.has(options.strategy)) {
      return user ? trackAutomaticUser(request, user, observer.mode()) : undefined
    }
    const login = loginOf(given, user, options)
    if (login === undefined) return undefined
    const outcome = { login, user, success: Boolean(user), ...(typeof exists === 'boolean' ? { exists } : {}) }
    return trackAutomaticLogin(request, outcome, observer.mode())
  }

  // Strategies choose what to pass by how many parameters the callback declares.
  return Object.defineProperties(observed, {
    length: { value: verify.length, configurable: true },
    name: { value: verify.name, configurable: true },
  })
}

/** A callback `(error, user)` whose first call without an error is looked at before it goes on. */
export function observeDone(done: Callback, look: (user: unknown, proceed: () => unknown) => unknown): Callback {
  let looked = false
  return function observed(this: unknown, ...all: unknown[]) {
    const proceed = (): unknown => done.apply(this, all)
    const [error, user] = all
    if (error || looked) return proceed()
    looked = true
    return look(user, proceed)
  }
}

function loginOf(given: readonly unknown[], user: unknown, { login, strategy }: VerifyOptions): string | undefined {
  if (login !== undefined) return login(given, user)
  const [first, second] = given
  const typed = given.length === 2 && typeof second === 'string'
  if (typeof first === 'string' && (typed || strategy === 'digest')) return first
  if (typeof user !== 'object' || user === null) return undefined
  for (const field of loginFields) {
    const value: unknown = Reflect.get(user, field)
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

function isRequest(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'headers' in value && 'method' in value
}

/** Telling of a login must not keep anyone from logging in. */
function quietly<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
