import { signal } from '@preact/signals'
import { call, isSignedOut } from './call.ts'
import { cache } from './use-data.ts'

export type Role = 'viewer' | 'responder' | 'admin'
export interface Me {
  readonly id: string
  readonly name: string
  readonly role: Role
}

/** Who is signed in; null until it is known. */
export const me = signal<Me | null>(null)

const rank: Readonly<Record<Role, number>> = { viewer: 0, responder: 1, admin: 2 }

/** Whether whoever is signed in may do what needs this role. Actions that are not allowed are not shown. */
export function may(needed: Role): boolean {
  return me.value !== null && rank[me.value.role] >= rank[needed]
}

/** Asks who is signed in. Rejects with ApiError; nobody signed in is no error. */
export async function readSession(): Promise<void> {
  try {
    me.value = await call<Me>('GET', '/api/session')
    isSignedOut.value = false
  } catch (error) {
    if ((error as { status?: number }).status !== 401) throw error
    isSignedOut.value = true
  }
}

/** Signs in with a sign-in link, or with what stands behind its #. */
export async function signIn(link: string): Promise<void> {
  const secret = link.trim().replace(/^[^#]*#/, '')
  await call('POST', '/api/session', { secret })
  await readSession()
  await cache.invalidateQueries()
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/api/session')
  location.assign('/signin')
}
