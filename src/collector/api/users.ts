import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { Role, State, UserRecord } from '../state/state.ts'
import { auditOf } from './audit.ts'
import { roles } from './components.ts'
import { idParams, route } from './route.ts'
import { flag, object, oneOf, page, ref } from './schema.ts'
import type { SignIn } from './sign-in.ts'

interface UserParts {
  readonly state: State
  readonly clock: Clock
  readonly signIn: SignIn
  readonly publicUrl: string
}

const name = { type: 'string', minLength: 1, maxLength: 100 } as const

/** `/api/users`: people, their roles, and their sign-in links. */
export function userRoutes(server: FastifyInstance, { state, clock, signIn, publicUrl }: UserParts): void {
  const tag = 'administration'
  const access = 'admin'

  const userOf = (id: string): UserRecord => {
    const user = signIn.user(id)
    if (user === undefined) throw fail('NOT_FOUND', `user ${id}`)
    return user
  }
  /** Somebody has to be able to let others in again. */
  const checkAdminLeft = (before: UserRecord, after: UserRecord): void => {
    const isAdmin = (user: UserRecord): boolean => user.role === 'admin' && user.disabledAt === null
    const others = signIn.users().filter(({ id }) => id !== after.id)
    if (isAdmin(before) && ![...others, after].some(isAdmin)) throw fail('CONFLICT', 'this is the last administrator')
  }

  server.get(
    '/api/users',
    route({ summary: 'People who may sign in', tag, access, reply: page(ref('User')) }),
    async () => ({ items: signIn.users(), next: null }),
  )

  server.post<{ Body: { name: string; role: Role } }>(
    '/api/users',
    route({
      summary: 'A new user, with a one-time sign-in link that lives 15 minutes',
      tag,
      access,
      body: object({ name, role: oneOf(...roles) }),
      status: 201,
      reply: ref('NewUser'),
    }),
    async ({ body, principal }, reply) => {
      if (signIn.users().some((user) => user.name === body.name)) {
        throw fail('CONFLICT', `there is a user ${JSON.stringify(body.name)} already`)
      }
      const user = newUser(body, new Date(clock.nowMs()).toISOString())
      const { changes, fragment, expiresAt } = signIn.link(user)
      await state.commit({
        documents: [{ kind: 'user', put: user }, ...(changes.documents ?? [])],
        audit: [auditOf(clock, principal, { action: 'user.add', subject: user.id, before: null, after: user })],
      })
      return reply.code(201).send({ ...user, signInLink: linkOf(publicUrl, fragment), expiresAt })
    },
  )

  server.post<{ Params: { id: string } }>(
    '/api/users/:id/sign-in-link',
    route({
      summary: 'Another sign-in link for a user',
      tag,
      access,
      params: idParams(),
      status: 201,
      reply: ref('SignInLink'),
    }),
    async ({ params, principal }, reply) => {
      const user = userOf(params.id)
      if (user.disabledAt !== null) throw fail('CONFLICT', `${user.name} may not sign in; enable the user first`)
      const { changes, fragment, expiresAt } = signIn.link(user)
      const audit = auditOf(clock, principal, { action: 'user.link', subject: user.id, before: null, after: null })
      await state.commit({ ...changes, audit: [audit] })
      return reply.code(201).send({ signInLink: linkOf(publicUrl, fragment), expiresAt })
    },
  )

  server.patch<{ Params: { id: string }; Body: { name?: string; role?: Role; disabled?: boolean } }>(
    '/api/users/:id',
    route({
      summary: "Change a user's name or role, or disable the user: every session ends",
      tag,
      access,
      params: idParams(),
      body: {
        ...object({ name, role: oneOf(...roles), disabled: flag }, ['name', 'role', 'disabled']),
        minProperties: 1,
      },
      reply: ref('User'),
    }),
    async ({ params, body, principal }) => {
      const before = userOf(params.id)
      const { disabled, ...others } = body
      const at = new Date(clock.nowMs()).toISOString()
      const disabledAt = disabled === undefined ? before.disabledAt : disabled ? (before.disabledAt ?? at) : null
      const after = { ...before, ...others, disabledAt }
      checkAdminLeft(before, after)
      await state.commit({
        documents: [{ kind: 'user', put: after }, ...(disabled === true ? signIn.ending(after.id) : [])],
        audit: [auditOf(clock, principal, { action: 'user.set', subject: after.id, before, after })],
      })
      return after
    },
  )
}

/** The address that a person opens; what signs in stands behind the #, which is never sent to a server. */
export function linkOf(publicUrl: string, fragment: string): string {
  return `${publicUrl}/signin#${fragment}`
}

export function newUser(user: { readonly name: string; readonly role: Role }, createdAt: string): UserRecord {
  return { id: randomUUID(), name: user.name, role: user.role, createdAt, disabledAt: null, lastSignInAt: null }
}
