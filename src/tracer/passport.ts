import { trackAutomaticUser } from './login/automatic-login.ts'
import { observeDone, observeVerify, type LoginObserver, type VerifyOptions } from './login/observe-verify.ts'
import { activeRequest } from './active-request.ts'
import { runningTracer } from './start.ts'

/** What the events of a Passport instance or a strategy say beyond the login itself. */
export type PassportOptions = Omit<VerifyOptions, 'strategy'>

type Method = (this: unknown, ...all: unknown[]) => unknown

const observer: LoginObserver = {
  active: () => (runningTracer()?.scope === undefined ? undefined : activeRequest()),
  mode: () => runningTracer()?.collectionMode() ?? 'disabled',
}

/** On what was wrapped, so that wrapping twice tells once. */
const wrapped = Symbol('portcullis.wrapped')

/**
 * Makes a Passport instance tell of its logins: of every strategy it uses, now and later, and of the user of a session.
 * Returns the same instance. A blocked login is answered, and Passport does not hear of it.
 */
export function wrapPassport<P extends object>(passport: P, options: PassportOptions = {}): P {
  if (!mark(passport)) return passport
  const target = passport as P & { use?: Method; deserializeUser?: Method; _strategies?: Record<string, unknown> }
  for (const strategy of Object.values(target._strategies ?? {})) wrapAny(strategy, options)
  replace(target, 'use', (use) => {
    return function useWrapped(this: unknown, ...all: unknown[]) {
      wrapAny(all.at(-1), options)
      return use.apply(this, all)
    }
  })
  replace(target, 'deserializeUser', observeSessionUser)
  return passport
}

/** With one function it is a registration; with what a session holds and a callback it reads the user of the session. */
function observeSessionUser(deserialize: Method): Method {
  return function deserializeObserved(this: unknown, ...all: unknown[]) {
    const done = all.at(-1)
    const request = observer.active()
    if (all.length > 1 && typeof done === 'function' && request !== undefined) {
      all[all.length - 1] = observeDone(done as Method, (user, proceed) => {
        const action = user ? trackAutomaticUser(request, user, observer.mode()) : undefined
        return action !== undefined && request.block(action) ? undefined : proceed()
      })
    }
    return deserialize.apply(this, all)
  }
}

/** Makes one strategy tell of its logins. Returns the same strategy; one without a verify callback is left alone. */
export function wrapStrategy<S extends object>(strategy: S, options: PassportOptions = {}): S {
  wrapAny(strategy, options)
  return strategy
}

/** A verify callback of the same signature that tells of its logins. */
export function wrapVerify<V extends (...all: never[]) => unknown>(verify: V, options: VerifyOptions): V {
  return observeVerify(verify as unknown as Method, options, observer) as unknown as V
}

function wrapAny(strategy: unknown, options: PassportOptions): void {
  if (typeof strategy !== 'object' || strategy === null || !mark(strategy)) return
  const name = 'name' in strategy && typeof strategy.name === 'string' ? strategy.name : ''
  // The strategy of sessions was given the instance's method when it was made.
  replace(strategy, '_deserializeUser', observeSessionUser)
  replace(strategy, '_verify', (verify) => observeVerify(verify, { ...options, strategy: name }, observer))
}

function mark(object: object): boolean {
  if (Object.hasOwn(object, wrapped)) return false
  Object.defineProperty(object, wrapped, { value: true })
  return true
}

function replace(object: object, name: string, wrap: (method: Method) => Method): void {
  const method: unknown = Reflect.get(object, name)
  if (typeof method === 'function') Reflect.set(object, name, wrap(method as Method))
}
