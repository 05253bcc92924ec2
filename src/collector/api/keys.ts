import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import { putBackWithinMs } from '../recently-removed.ts'
import type { KeyRecord, State } from '../state/state.ts'
import type { Principal } from './access.ts'
import { auditOf } from './audit.ts'
import { roles } from './components.ts'
import { idParams, route } from './route.ts'
import { array, instant, instantOrNull, object, oneOf, orNull, page, ref, text, type Schema } from './schema.ts'
import { hashOf, newSecret } from './secret.ts'

const scope: Schema = orNull(array({ type: 'string', minLength: 1, maxLength: 200 }, { minItems: 1, maxItems: 1_000 }))

interface NewKey {
  readonly name: string
  readonly role: KeyRecord['role']
  readonly services?: readonly string[] | null
  readonly envs?: readonly string[] | null
}

/** `/api/keys`: API tokens and ingest keys; the secret is shown once. */
export function keyRoutes(
  server: FastifyInstance,
  { state, clock }: { readonly state: State; readonly clock: Clock },
): void {
  const tag = 'administration'

  server.get(
    '/api/keys',
    route({
      summary: 'API tokens and ingest keys, without their secrets',
      tag,
      access: 'admin',
      reply: page(ref('Key')),
    }),
    async () => ({ items: (await state.documents('key')).map(withoutSecret), next: null }),
  )

  server.post<{ Body: NewKey }>(
    '/api/keys',
    route({
      summary: 'A new API token or ingest key; services and envs limit what an ingest key may speak for',
      tag,
      access: 'admin',
      body: object(
        {
          name: { type: 'string', minLength: 1, maxLength: 100 },
          role: oneOf(...roles, 'ingest'),
          services: scope,
          envs: scope,
        },
        ['services', 'envs'],
      ),
      status: 201,
      reply: object({
        secret: text,
        id: text,
        name: text,
        role: text,
        services: scope,
        envs: scope,
        createdAt: instant,
        revokedAt: instantOrNull,
      }),
    }),
    async ({ body, principal }, reply) => {
      const scoped = body.services ?? body.envs ?? null
      if (body.role !== 'ingest' && scoped !== null) {
        throw fail('REQUEST_INVALID', 'services', 'only a key of role ingest is limited to services and envs')
      }
      const { key, secret } = newKey(body, new Date(clock.nowMs()).toISOString())
      const shown = withoutSecret(key)
      await state.commit({
        documents: [{ kind: 'key', put: key }],
        audit: [auditOf(clock, principal, { action: 'key.add', subject: key.id, before: null, after: shown })],
      })
      return reply.code(201).send({ ...shown, secret })
    },
  )

  server.delete<{ Params: { id: string } }>(
    '/api/keys/:id',
    route({ summary: 'Revoke a key', tag, access: 'admin', params: idParams(), reply: ref('Key') }),
    async ({ params, principal }) => {
      const key = await state.document('key', params.id)
      if (key === null) throw fail('NOT_FOUND', `key ${params.id}`)
      const revokedAt = key.revokedAt ?? new Date(clock.nowMs()).toISOString()
      return put({ key, change: { revokedAt }, action: 'key.revoke', principal })
    },
  )

  server.post<{ Params: { id: string } }>(
    '/api/keys/:id/undo',
    route({
      summary: 'Undo the revocation of a key, within ten minutes: what uses it is let in again',
      tag,
      access: 'admin',
      params: idParams(),
      reply: ref('Key'),
    }),
    async ({ params, principal }) => {
      const key = await state.document('key', params.id)
      if (key === null) throw fail('NOT_FOUND', `key ${params.id}`)
      if (key.revokedAt === null) throw fail('CONFLICT', 'the key is not revoked')
      if (clock.nowMs() - Date.parse(key.revokedAt) > putBackWithinMs) {
        throw fail('CONFLICT', 'the key was revoked more than ten minutes ago; make a new one')
      }
      return put({ key, change: { revokedAt: null }, action: 'key.undo', principal })
    },
  )

  async function put(wanted: {
    readonly key: KeyRecord
    readonly change: Pick<KeyRecord, 'revokedAt'>
    readonly action: string
    readonly principal: Principal
  }): Promise<object> {
    const { key, change, action, principal } = wanted
    const changed = { ...key, ...change }
    const [before, after] = [withoutSecret(key), withoutSecret(changed)]
    await state.commit({
      documents: [{ kind: 'key', put: changed }],
      audit: [auditOf(clock, principal, { action, subject: key.id, before, after })],
    })
    return after
  }
}

/** A new key and its secret, which is shown once and kept only as its hash. */
export function newKey(
  { name, role, services = null, envs = null, id = randomUUID() }: NewKey & { readonly id?: string },
  createdAt: string,
  secret: string = `pct_${newSecret()}`,
): { readonly key: KeyRecord; readonly secret: string } {
  const key = { id, name, role, secretSha256: hashOf(secret), services, envs, createdAt, revokedAt: null }
  return { key, secret }
}

function withoutSecret({ secretSha256: _hidden, ...shown }: KeyRecord): Omit<KeyRecord, 'secretSha256'> {
  return shown
}
