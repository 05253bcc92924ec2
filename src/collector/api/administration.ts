import { randomBytes, randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { KeyRecord, State } from '../state/state.ts'
import { hashSecret, requireRole } from './access.ts'
import { pageOf, pageQuery, type PageQuery } from './paging.ts'

/** `/api/detection-rules` (reading), `/api/keys`, `/api/audit`. */
export function administrationRoutes(server: FastifyInstance, { state, clock }: { state: State; clock: Clock }): void {
  server.get('/api/detection-rules', async () => {
    const rules = await state.rules()
    return { items: rules.map(({ rule }) => rule), next: null }
  })
  server.get<{ Params: { id: string } }>('/api/detection-rules/:id', async ({ params }) => {
    const found = (await state.rules()).find(({ rule }) => rule.id === params.id)
    if (found === undefined) throw fail('NOT_FOUND', `detection rule ${params.id}`)
    return found.rule
  })

  server.get('/api/keys', async (request) => {
    requireRole(request.principal, 'admin')
    const keys = await state.documents('key')
    return { items: keys.map(withoutSecret), next: null }
  })
  server.post<{ Body: { name: string; role: KeyRecord['role'] } }>(
    '/api/keys',
    {
      schema: {
        body: {
          type: 'object',
          required: ['name', 'role'],
          additionalProperties: false,
          properties: {
            name: { type: 'string', minLength: 1, maxLength: 100 },
            role: { enum: ['viewer', 'responder', 'admin', 'ingest'] },
          },
        },
      },
    },
    async (request, reply) => {
      requireRole(request.principal, 'admin')
      const at = new Date(clock.nowMs()).toISOString()
      const { key, secret } = newKey(request.body, at)
      await state.commit({
        documents: [{ kind: 'key', put: key }],
        audit: [
          {
            at,
            by: request.principal.name,
            action: 'key.add',
            subject: key.id,
            before: null,
            after: withoutSecret(key),
          },
        ],
      })
      return reply.code(201).send({ ...withoutSecret(key), secret })
    },
  )
  server.delete<{ Params: { id: string } }>('/api/keys/:id', async (request) => {
    requireRole(request.principal, 'admin')
    const key = await state.document('key', request.params.id)
    if (key === null) throw fail('NOT_FOUND', `key ${request.params.id}`)
    const at = new Date(clock.nowMs()).toISOString()
    const revoked = { ...key, revokedAt: key.revokedAt ?? at }
    await state.commit({
      documents: [{ kind: 'key', put: revoked }],
      audit: [
        {
          at,
          by: request.principal.name,
          action: 'key.revoke',
          subject: key.id,
          before: withoutSecret(key),
          after: withoutSecret(revoked),
        },
      ],
    })
    return withoutSecret(revoked)
  })

  server.get<{ Querystring: PageQuery }>(
    '/api/audit',
    { schema: { querystring: { type: 'object', properties: pageQuery } } },
    async (request) => {
      requireRole(request.principal, 'admin')
      return state.audit(pageOf(request.query))
    },
  )
}

/** A new key and its secret, which is shown once and kept only as its hash. */
export function newKey(
  { name, role, id = randomUUID() }: { readonly name: string; readonly role: KeyRecord['role']; readonly id?: string },
  createdAt: string,
  secret: string = `pct_${randomBytes(24).toString('base64url')}`,
): { readonly key: KeyRecord; readonly secret: string } {
  const key = {
    id,
    name,
    role,
    secretSha256: hashSecret(secret),
    services: null,
    envs: null,
    createdAt,
    revokedAt: null,
  }
  return { key, secret }
}

function withoutSecret({ secretSha256: _hidden, ...shown }: KeyRecord): Omit<KeyRecord, 'secretSha256'> {
  return shown
}
