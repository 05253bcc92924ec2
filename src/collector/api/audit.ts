import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import type { AuditEntry, State } from '../state/state.ts'
import type { Principal } from './access.ts'
import { formatQuery, sendList, type ListQuery } from './list-reply.ts'
import { pageQuery } from './paging.ts'
import { route } from './route.ts'
import { page, ref } from './schema.ts'

/** The audit entry of a change that `principal` makes now. */
export function auditOf(
  clock: Clock,
  principal: Principal,
  change: Pick<AuditEntry, 'action' | 'subject' | 'before' | 'after'>,
): AuditEntry {
  return { at: new Date(clock.nowMs()).toISOString(), by: principal.name, ...change }
}

/** `/api/audit`: who changed what, newest first. */
export function auditRoutes(server: FastifyInstance, { state }: { readonly state: State }): void {
  server.get<{ Querystring: ListQuery }>(
    '/api/audit',
    route({
      summary: 'Every change: who, when, before and after; newest first',
      tag: 'administration',
      access: 'admin',
      query: { ...pageQuery, ...formatQuery },
      reply: page(ref('AuditEntry')),
      alsoAs: ['text/csv'],
    }),
    ({ query }, reply) =>
      sendList(reply, query, {
        name: 'audit',
        read: (wanted) => state.audit(wanted),
        columns: {
          at: ({ at }) => at,
          by: ({ by }) => by,
          action: ({ action }) => action,
          subject: ({ subject }) => subject,
          before: ({ before }) => JSON.stringify(before),
          after: ({ after }) => JSON.stringify(after),
        },
      }),
  )
}
