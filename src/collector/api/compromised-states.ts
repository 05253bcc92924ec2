import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { accountKey } from '../account-key.ts'
import type { CompromisedState, State } from '../state/state.ts'
import { auditOf } from './audit.ts'
import { idParams, route } from './route.ts'
import { array, count, object, oneOf, text, textOrNull } from './schema.ts'
import { signalNamed } from './signals.ts'

/** Accounts of one call, and of one signal: more are told of by the app's own means. */
const maxUsers = 10_000

interface Body {
  readonly users: readonly { readonly usrLogin: string; readonly usrId: string | null }[]
  readonly state: CompromisedState['state']
}

/** `PATCH /api/signals/{id}/compromised-users`: what became of accounts that a campaign logged in to. */
export function compromisedStateRoutes(
  server: FastifyInstance,
  { state, clock }: { readonly state: State; readonly clock: Clock },
): void {
  server.patch<{ Params: { id: string }; Body: Body }>(
    '/api/signals/:id/compromised-users',
    route({
      summary: 'Say what became of compromised accounts: reset, cleared (it was the owner), or open again',
      tag: 'signals',
      access: 'responder',
      params: idParams(),
      body: object({
        users: { ...array(object({ usrLogin: text, usrId: textOrNull })), minItems: 1, maxItems: maxUsers },
        state: oneOf('open', 'reset', 'cleared'),
      }),
      reply: object({ changed: count }),
    }),
    async ({ params, body, principal }) => {
      const { id } = await signalNamed(state, params.id)
      const at = new Date(clock.nowMs()).toISOString()
      const before = await state.document('compromised', id)
      const users = new Map((before?.users ?? []).map((user) => [accountKey(user), user]))
      for (const user of body.users) users.set(accountKey(user), { ...user, state: body.state, by: principal.name, at })
      const named = body.users.slice(0, 5).map(({ usrLogin }) => usrLogin)
      const more = body.users.length > named.length ? ` and ${body.users.length - named.length} more` : ''
      const told = `${named.join(', ')}${more}: ${body.state}`
      await state.commit({
        documents: [{ kind: 'compromised', put: { id, users: [...users.values()].slice(-maxUsers) } }],
        timeline: [{ signalId: id, at, by: principal.name, kind: 'triaged', text: told }],
        audit: [
          auditOf(clock, principal, {
            action: 'signal.compromised_users',
            subject: id,
            before: null,
            after: { state: body.state, users: body.users },
          }),
        ],
      })
      return { changed: body.users.length }
    },
  )
}
