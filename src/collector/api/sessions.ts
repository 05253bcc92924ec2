import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { SessionRecord, State } from '../state/state.ts'
import { requireRole } from './access.ts'
import { auditOf } from './audit.ts'
import { roles } from './components.ts'
import { idParams, route } from './route.ts'
import { instantOrNull, object, oneOf, page, ref, text } from './schema.ts'
import { endedCookie, type SignIn } from './sign-in.ts'

interface SessionParts {
  readonly state: State
  readonly clock: Clock
  readonly signIn: SignIn
  readonly secureCookies: boolean
}

/** `/api/session`, `/api/sessions`: signing in with a link, who is signed in, signing out. */
export function sessionRoutes(server: FastifyInstance, { state, clock, signIn, secureCookies }: SessionParts): void {
  const tag = 'administration'
  const who = object({ id: text, name: text, role: oneOf(...roles), expiresAt: instantOrNull })

  server.post<{ Body: { secret: string } }>(
    '/api/session',
    route({
      summary: 'Sign in: uses up what stands behind the # of a sign-in link, and sets the session cookie',
      tag,
      access: 'public',
      body: object({ secret: { type: 'string', minLength: 1, maxLength: 200 } }),
      status: 201,
      reply: object({ id: text, name: text, role: oneOf(...roles) }),
    }),
    async (request, reply) => {
      const { user, cookie } = await signIn.redeem(request.body.secret, request.ip)
      return reply.code(201).header('set-cookie', cookie).send({ id: user.id, name: user.name, role: user.role })
    },
  )

  server.get(
    '/api/session',
    route({ summary: 'Who makes this call', tag, reply: who }),
    async ({ principal: { id, name, role, session } }) => ({ id, name, role, expiresAt: session?.expiresAt ?? null }),
  )

  const end = async (session: SessionRecord, audit: ReturnType<typeof auditOf>): Promise<void> =>
    state.commit({ documents: [{ kind: 'session', delete: session.id }], audit: [audit] })

  server.delete('/api/session', route({ summary: 'Sign out', tag, status: 204 }), async ({ principal }, reply) => {
    if (principal.session === null) throw fail('REQUEST_INVALID', 'cookie', 'a token has no session to end')
    const subject = principal.session.id
    await end(
      principal.session,
      auditOf(clock, principal, { action: 'session.end', subject, before: null, after: null }),
    )
    return reply.code(204).header('set-cookie', endedCookie(secureCookies)).send()
  })

  server.get(
    '/api/sessions',
    route({ summary: 'Sessions in force; without the role admin, one’s own', tag, reply: page(ref('Session')) }),
    async ({ principal }) => {
      const isOwn = ({ userId }: SessionRecord): boolean => userId === principal.id
      const all = signIn.sessions().filter((session) => principal.role === 'admin' || isOwn(session))
      return { items: all.map(shownSession), next: null }
    },
  )

  server.delete<{ Params: { id: string } }>(
    '/api/sessions/:id',
    route({ summary: 'End a session', tag, params: idParams(), status: 204 }),
    async ({ params, principal }, reply) => {
      const session = signIn.sessions().find(({ id }) => id === params.id)
      if (session?.userId !== principal.id) requireRole(principal, 'admin')
      if (session === undefined) throw fail('NOT_FOUND', `session ${params.id}`)
      const subject = session.id
      await end(session, auditOf(clock, principal, { action: 'session.end', subject, before: null, after: null }))
      return reply.code(204).send()
    },
  )
}

function shownSession({ id, userId, createdAt, expiresAt }: SessionRecord): object {
  return { id, userId, createdAt, expiresAt }
}
