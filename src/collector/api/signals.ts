import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import type { Severity } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import type { Signal, SignalState } from '../../model/signal.ts'
import type { SignalLists } from '../detect/signal-lists.ts'
import type { Responder, SignalAnswer } from '../respond/respond.ts'
import type { SignalFilter, State } from '../state/state.ts'
import { requireRole } from './access.ts'
import { listOf, pageOf, pageQuery, type PageQuery } from './paging.ts'
import { parseTime } from './time-range.ts'

interface SignalParts {
  readonly state: State
  readonly lists: SignalLists
  readonly responder: Responder
  readonly clock: Clock
}

type ListQuery = PageQuery & {
  readonly state?: string
  readonly severity?: string
  readonly rule?: string
  readonly service?: string
  readonly from?: string
  readonly to?: string
}

const byId = { schema: { querystring: { type: 'object', properties: pageQuery } } } as const

/** `/api/signals`: what was detected, who is behind it and who was hit, triage, and the answer (spec/collector.md 5). */
export function signalRoutes(server: FastifyInstance, { state, lists, responder, clock }: SignalParts): void {
  const signalOf = async (id: string): Promise<Signal> => {
    const signal = await state.signal(id)
    if (signal === null) throw fail('NOT_FOUND', `signal ${id}`)
    return signal
  }

  server.get<{ Querystring: ListQuery }>(
    '/api/signals',
    {
      schema: {
        querystring: {
          type: 'object',
          properties: {
            ...pageQuery,
            state: { type: 'string' },
            severity: { type: 'string' },
            rule: { type: 'string' },
            service: { type: 'string' },
            from: { type: 'string' },
            to: { type: 'string' },
          },
        },
      },
    },
    async ({ query }) => state.signals(filterOf(query, clock.nowMs()), pageOf(query)),
  )

  server.get<{ Params: { id: string } }>('/api/signals/:id', async ({ params }) => signalOf(params.id))

  server.patch<{ Params: { id: string }; Body: { state: SignalState; reason?: string; note?: string } }>(
    '/api/signals/:id',
    {
      schema: {
        body: {
          type: 'object',
          required: ['state'],
          additionalProperties: false,
          properties: {
            state: { enum: ['open', 'under_review', 'archived'] },
            reason: { type: 'string', maxLength: 200 },
            note: { type: 'string', maxLength: 4_000 },
          },
        },
      },
    },
    async (request) => {
      requireRole(request.principal, 'responder')
      const before = await signalOf(request.params.id)
      const at = new Date(clock.nowMs()).toISOString()
      const by = request.principal.name
      const { state: next, reason, note } = request.body
      const archiveReason = next === 'archived' ? (reason ?? null) : null
      await state.commit({
        signals: [{ update: before.id, set: { state: next, archiveReason } }],
        timeline: [{ signalId: before.id, at, by, kind: 'triaged', text: note ?? `${before.state} → ${next}` }],
        audit: [{ at, by, action: 'signal.triage', subject: before.id, before: before.state, after: next }],
      })
      return signalOf(before.id)
    },
  )

  server.get<{ Params: { id: string }; Querystring: PageQuery }>(
    '/api/signals/:id/users',
    byId,
    async ({ params, query }) => lists.users(await signalOf(params.id), pageOf(query)),
  )
  server.get<{ Params: { id: string }; Querystring: PageQuery }>(
    '/api/signals/:id/ips',
    byId,
    async ({ params, query }) => lists.ips(await signalOf(params.id), pageOf(query)),
  )
  server.get<{ Params: { id: string }; Querystring: PageQuery }>(
    '/api/signals/:id/compromised-users',
    byId,
    async ({ params, query }) => lists.compromisedUsers(await signalOf(params.id), pageOf(query)),
  )
  server.get<{ Params: { id: string }; Querystring: PageQuery }>(
    '/api/signals/:id/timeline',
    byId,
    async ({ params, query }) => state.timeline((await signalOf(params.id)).id, pageOf(query)),
  )

  server.post<{ Params: { id: string }; Body: SignalAnswer }>(
    '/api/signals/:id/respond',
    {
      schema: {
        body: {
          type: 'object',
          required: ['selection', 'forSeconds'],
          properties: {
            selection: { enum: ['ips', 'compromisedUsers'] },
            forSeconds: { type: 'integer', minimum: 1, maximum: 366 * 86_400 },
          },
        },
      },
    },
    async (request, reply) => {
      requireRole(request.principal, 'responder')
      const items = await responder.answer(request.params.id, request.body, request.principal.name)
      return reply.code(201).send({ items })
    },
  )

  server.delete<{ Params: { id: string } }>('/api/responses/:id', async (request) => {
    requireRole(request.principal, 'responder')
    return responder.undo(request.params.id, request.principal.name)
  })
}

function filterOf(query: ListQuery, nowMs: number): SignalFilter {
  const states = listOf(query.state) as readonly SignalState[] | undefined
  const severities = listOf(query.severity) as readonly Severity[] | undefined
  return {
    ...(states === undefined ? {} : { states }),
    ...(severities === undefined ? {} : { severities }),
    ...(query.rule === undefined ? {} : { ruleId: query.rule }),
    ...(query.service === undefined ? {} : { service: query.service }),
    ...(query.from === undefined ? {} : { fromMs: parseTime(query.from, nowMs, 'from') }),
    ...(query.to === undefined ? {} : { toMs: parseTime(query.to, nowMs, 'to') }),
  }
}
