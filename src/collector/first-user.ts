import type { Clock } from '../model/clock.ts'
import { newKey } from './api/keys.ts'
import type { SignIn } from './api/sign-in.ts'
import { newUser } from './api/users.ts'
import type { State } from './state/state.ts'

const firstUser = { name: 'admin', role: 'admin' } as const
const fromEnvironment = { id: 'environment', name: 'environment', role: 'admin' } as const

/**
 * Lets somebody in. A token of the environment replaces its predecessor; without one, and as long as nobody has signed
 * in and there is no admin token, there is a link for the first administrator: its fragment is returned.
 */
export async function letIn(options: {
  readonly state: State
  readonly signIn: SignIn
  readonly clock: Clock
  readonly token: string
}): Promise<string | undefined> {
  const { state, signIn, clock, token } = options
  const at = new Date(clock.nowMs()).toISOString()
  if (token !== '') {
    await state.commit({ documents: [{ kind: 'key', put: newKey(fromEnvironment, at, token).key }] })
    return undefined
  }
  const keys = await state.documents('key')
  const isUsed =
    keys.some(({ role, revokedAt }) => role === 'admin' && revokedAt === null) ||
    signIn.users().some(({ lastSignInAt }) => lastSignInAt !== null)
  if (isUsed) return undefined
  const known = signIn.users().find(({ role, disabledAt }) => role === 'admin' && disabledAt === null)
  const user = known ?? newUser(firstUser, at)
  const { changes, fragment } = signIn.link(user)
  await state.commit({ documents: [{ kind: 'user', put: user }, ...(changes.documents ?? [])] })
  return fragment
}
