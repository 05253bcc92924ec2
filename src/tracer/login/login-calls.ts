import { fail, PortcullisError } from '../../model/error.ts'
import type { LoginScope } from './login-scope.ts'
import type { LoginTarget } from './login-target.ts'

/** Runs login calls so that none of them ever throws into the service. */
export interface LoginCalls {
  /**
   * Runs `body` on the request being handled. Without one, warns once and gives what `outside` gives;
   * when it throws, warns once and gives undefined.
   */
  run<T>(call: string, body: (scope: LoginScope) => T, outside?: () => T): T | undefined
}

export function createLoginCalls(options: {
  readonly active: () => LoginTarget | undefined
  readonly warn: (problem: PortcullisError) => void
}): LoginCalls {
  /** One warning a call and code, so at most as many as there are calls times codes. */
  const warned = new Set<string>()

  function warnOnce(call: string, problem: PortcullisError): void {
    const key = `${call} ${problem.code}`
    if (warned.has(key)) return
    warned.add(key)
    options.warn(problem)
  }

  return {
    run(call, body, outside) {
      try {
        const target = options.active()
        if (target !== undefined) return body({ target, call, warn: (problem) => warnOnce(call, problem) })
        warnOnce(call, fail('LOGIN_OUTSIDE_REQUEST', call))
        return outside?.()
      } catch (problem) {
        warnOnce(call, problem instanceof PortcullisError ? problem : unreadable(call, problem))
        return undefined
      }
    },
  }
}

/** The input has a getter or a `toString` that threw. */
function unreadable(call: string, problem: unknown): PortcullisError {
  const why = problem instanceof Error ? problem.message : 'it threw'
  return fail('LOGIN_INVALID', call, `the input cannot be read (${why})`)
}
