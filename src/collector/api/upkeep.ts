import { isAbsolute } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import { backUp } from '../back-up.ts'
import { eraseUser } from '../erase-user.ts'
import type { State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { auditOf } from './audit.ts'
import { route } from './route.ts'
import { count, object, text } from './schema.ts'

const value = { type: 'string', minLength: 1, maxLength: 1_000 } as const

/** `/api/erasures` and `/api/backups`: what is kept of people, and copies of all that is kept. */
export function upkeepRoutes(
  server: FastifyInstance,
  parts: { readonly store: Store; readonly state: State; readonly clock: Clock; readonly dir: string },
): void {
  const tag = 'administration'
  const access = 'admin'

  server.post<{ Body: { userId?: string; login?: string } }>(
    '/api/erasures',
    route({
      summary:
        'Erases a user by id, login or both: records and traces, entries of lists, the name in signals and the audit',
      tag,
      access,
      body: object({ userId: value, login: value }, ['userId', 'login']),
      reply: object({ records: count, signals: count, entries: count }),
    }),
    async ({ body, principal }) => {
      if (body.userId === undefined && body.login === undefined) {
        throw fail('REQUEST_INVALID', 'userId', 'or login has to be given')
      }
      return eraseUser(parts, body, principal.name)
    },
  )

  server.post<{ Body: { directory: string } }>(
    '/api/backups',
    route({
      summary: 'Copies a checkpoint of all that is kept into a new directory on the machine of the collector',
      tag,
      access,
      body: object({ directory: { type: 'string', minLength: 1, maxLength: 4_000 } }),
      reply: object({ directory: text }),
    }),
    async ({ body: { directory }, principal }) => {
      if (!isAbsolute(directory)) throw fail('REQUEST_INVALID', 'directory', 'must be an absolute path')
      await backUp(parts, directory)
      const { state, clock } = parts
      await state.commit({
        audit: [auditOf(clock, principal, { action: 'backup.make', subject: directory, before: null, after: null })],
      })
      return { directory }
    },
  )
}
