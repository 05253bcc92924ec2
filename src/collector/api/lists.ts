import type { FastifyInstance } from 'fastify'
import type { DenylistKind } from '../../model/denylist-entry.ts'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { NewEntry, Responder } from '../respond/respond.ts'
import type { ListName, State } from '../state/state.ts'
import { requireRole } from './access.ts'
import { listOf, pageOf, pageQuery, type PageQuery } from './paging.ts'
import { parseTime } from './time-range.ts'

const kinds: readonly DenylistKind[] = ['ip', 'cidr', 'user', 'login', 'user_agent', 'fingerprint']
const maxBulk = 100_000

const newEntry = {
  type: 'object',
  required: ['kind', 'value'],
  additionalProperties: false,
  properties: {
    kind: { enum: kinds },
    value: { type: 'string', minLength: 1, maxLength: 2_000 },
    expiresAt: { type: ['string', 'number', 'null'] },
    forSeconds: { type: 'integer', minimum: 1 },
    reason: { type: 'string', maxLength: 1_000, default: '' },
    signalId: { type: 'string', maxLength: 100 },
  },
} as const

interface EntryBody {
  readonly kind: DenylistKind
  readonly value: string
  /** null: no end; absent: 12 hours, unless `forSeconds` says otherwise. */
  readonly expiresAt?: string | number | null
  readonly forSeconds?: number
  readonly reason: string
  readonly signalId?: string
}

const standardSeconds = 12 * 3_600

/** `/api/denylist` and `/api/passlist`: entries with their ends (spec/collector.md 5). */
export function listRoutes(
  server: FastifyInstance,
  list: ListName,
  { state, responder, clock }: { state: State; responder: Responder; clock: Clock },
): void {
  const url = `/api/${list}`

  server.get<{ Querystring: PageQuery & { kind?: string; value?: string; signalId?: string; all?: boolean } }>(
    url,
    {
      schema: {
        querystring: {
          type: 'object',
          properties: {
            ...pageQuery,
            kind: { type: 'string' },
            value: { type: 'string' },
            signalId: { type: 'string' },
            all: { type: 'boolean', default: false },
          },
        },
      },
    },
    async ({ query }) => {
      const wanted = listOf(query.kind) as readonly DenylistKind[] | undefined
      const filter = {
        ...(query.all ? {} : { activeAtMs: clock.nowMs() }),
        ...(wanted === undefined ? {} : { kinds: wanted }),
        ...(query.value === undefined ? {} : { values: [query.value] }),
        ...(query.signalId === undefined ? {} : { signalId: query.signalId }),
      }
      const [page, total] = await Promise.all([
        state.entries(list, filter, pageOf(query)),
        state.countEntries(list, filter),
      ])
      return { ...page, total }
    },
  )

  server.get<{ Params: { id: string } }>(`${url}/:id`, async ({ params }) => {
    const entry = await state.entry(list, params.id)
    if (entry === null) throw fail('NOT_FOUND', `${list} entry ${params.id}`)
    return entry
  })

  server.post<{ Body: EntryBody }>(url, { schema: { body: newEntry } }, async (request, reply) => {
    requireRole(request.principal, 'responder')
    const [entry] = await responder.add(list, [toEntry(request.body, clock.nowMs(), '')], request.principal.name)
    return reply.code(201).send(entry)
  })

  server.post<{ Body: { entries: EntryBody[] } }>(
    `${url}/bulk`,
    {
      schema: {
        body: {
          type: 'object',
          required: ['entries'],
          properties: { entries: { type: 'array', minItems: 1, maxItems: maxBulk, items: newEntry } },
        },
      },
    },
    async (request, reply) => {
      requireRole(request.principal, 'responder')
      const wanted = request.body.entries.map((body, index) => toEntry(body, clock.nowMs(), `entries[${index}].`))
      const entries = await responder.add(list, wanted, request.principal.name)
      return reply.code(201).send({ added: entries.length, items: entries })
    },
  )

  server.patch<{ Params: { id: string }; Body: { expiresAt: string | number | null } }>(
    `${url}/:id`,
    {
      schema: {
        body: {
          type: 'object',
          required: ['expiresAt'],
          additionalProperties: false,
          properties: { expiresAt: { type: ['string', 'number', 'null'] } },
        },
      },
    },
    async (request) => {
      requireRole(request.principal, 'responder')
      const expiresAt = endOf(request.body.expiresAt, clock.nowMs(), 'expiresAt')
      return responder.extend(list, request.params.id, expiresAt, request.principal.name)
    },
  )

  server.delete<{ Params: { id: string } }>(`${url}/:id`, async (request) => {
    requireRole(request.principal, 'responder')
    return responder.rescind(list, request.params.id, request.principal.name)
  })
}

function toEntry(body: EntryBody, nowMs: number, path: string): NewEntry {
  const { kind, value, reason, signalId, forSeconds } = body
  const expiresAt =
    body.expiresAt === undefined
      ? new Date(nowMs + (forSeconds ?? standardSeconds) * 1_000).toISOString()
      : endOf(body.expiresAt, nowMs, `${path}expiresAt`)
  return { kind, value, reason, expiresAt, ...(signalId === undefined ? {} : { signalId }) }
}

function endOf(value: string | number | null, nowMs: number, path: string): string | null {
  if (value === null) return null
  const endMs = parseTime(value, nowMs, path)
  if (endMs <= nowMs) throw fail('REQUEST_INVALID', path, 'has passed already')
  return new Date(endMs).toISOString()
}
