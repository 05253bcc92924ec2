import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { severities, type Severity } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import { falsePositiveReason, type Signal, type SignalState } from '../../model/signal.ts'
import type { SignalLists } from '../detect/signal-lists.ts'
import type { Notifier } from '../notify/notify.ts'
import type { Responder, SignalAnswer } from '../respond/respond.ts'
import type { SignalFilter, State } from '../state/state.ts'
import { auditOf } from './audit.ts'
import { entryKinds, signalStates } from './components.ts'
import { leftOutSchema, shownLeftOut } from './left-out.ts'
import { formatQuery, sendList, type ListQuery } from './list-reply.ts'
import { listOf, pageQuery } from './paging.ts'
import { idParams, route } from './route.ts'
import { array, count, flag, object, oneOf, orNull, page, ref, text, when } from './schema.ts'
import { parseTime } from './time-range.ts'

interface SignalParts {
  readonly state: State
  readonly lists: SignalLists
  readonly responder: Responder
  readonly notifier: Pick<Notifier, 'notify'>
  readonly clock: Clock
}

type SignalQuery = ListQuery & {
  readonly state?: string
  readonly severity?: string
  readonly rule?: string
  readonly service?: string
  readonly from?: string
  readonly to?: string
}

interface AnswerBody {
  readonly kind?: string
  readonly selection?: SignalAnswer['selection']
  readonly values?: readonly string[]
  readonly forSeconds?: number | null
  readonly recipients?: readonly string[]
  readonly continuous?: boolean
}

const tag = 'signals'
/** Values that one call may choose, and responses that its reply shows; the others are there too. */
const maxValues = 100_000
const maxShown = 1_000

/** `/api/signals`: what was detected, triage, and the answer (spec/collector.md 5). Their lists: signal-lists.ts. */
export function signalRoutes(server: FastifyInstance, { state, responder, notifier, clock }: SignalParts): void {
  const signalOf = (id: string): Promise<Signal> => signalNamed(state, id)

  server.get<{ Querystring: SignalQuery }>(
    '/api/signals',
    route({
      summary: 'Signals, newest first',
      tag,
      query: {
        ...pageQuery,
        ...formatQuery,
        state: { ...text, description: `any of ${signalStates.join(', ')}, separated by commas` },
        severity: { ...text, description: `any of ${severities.join(', ')}, separated by commas` },
        rule: text,
        service: text,
        from: when,
        to: when,
      },
      reply: page(ref('Signal')),
      alsoAs: ['text/csv'],
    }),
    ({ query }, reply) => {
      const filter = filterOf(query, clock.nowMs())
      return sendList(reply, query, {
        name: 'signals',
        read: (wanted) => state.signals(filter, wanted),
        columns: {
          id: ({ id }) => id,
          title: ({ title }) => title,
          severity: ({ severity }) => severity,
          state: ({ state }) => state,
          rule: ({ rule }) => rule.id,
          service: ({ group }) => group['service'] ?? '',
          env: ({ group }) => group['env'] ?? '',
          first_seen: ({ firstSeen }) => firstSeen,
          last_seen: ({ lastSeen }) => lastSeen,
          closed_at: ({ closedAt }) => closedAt,
          attacking_ips: ({ attackingIps }) => attackingIps,
          targeted_users: ({ targetedUsers }) => targetedUsers,
          compromised_users: ({ compromisedUsers }) => compromisedUsers,
        },
      })
    },
  )

  server.get<{ Params: { id: string } }>(
    '/api/signals/:id',
    route({ summary: 'One signal', tag, params: idParams(), reply: ref('Signal') }),
    ({ params }) => signalOf(params.id),
  )

  server.patch<{
    Params: { id: string }
    Body: { state?: SignalState; reason?: string; note?: string; falsePositive?: boolean }
  }>(
    '/api/signals/:id',
    route({
      summary: 'Triage: a state, with a reason when archived, and a note for the timeline',
      tag,
      access: 'responder',
      params: idParams(),
      body: {
        ...object(
          {
            state: oneOf('open', 'under_review', 'archived'),
            reason: { type: 'string', maxLength: 200 },
            note: { type: 'string', maxLength: 4_000 },
            falsePositive: {
              ...flag,
              description:
                'archives it as a false positive; its report suggests a filter that would have kept the rule silent',
            },
          },
          ['state', 'reason', 'note', 'falsePositive'],
        ),
        anyOf: [{ required: ['state'] }, { required: ['note'] }, { required: ['falsePositive'] }],
      },
      reply: ref('Signal'),
    }),
    async ({ params, body, principal }) => {
      const before = await signalOf(params.id)
      const at = new Date(clock.nowMs()).toISOString()
      const { note, falsePositive = false } = body
      const next = body.state ?? (falsePositive ? 'archived' : before.state)
      const reason = body.reason ?? (falsePositive ? falsePositiveReason : undefined)
      const archiveReason = next === 'archived' ? (reason ?? before.archiveReason) : null
      const told = note ?? `${before.state} → ${next}${reason === undefined ? '' : `: ${reason}`}`
      await state.commit({
        signals: [{ update: before.id, set: { state: next, archiveReason } }],
        timeline: [{ signalId: before.id, at, by: principal.name, kind: 'triaged', text: told }],
        audit: [
          auditOf(clock, principal, {
            action: 'signal.triage',
            subject: before.id,
            before: { state: before.state, archiveReason: before.archiveReason },
            after: { state: next, archiveReason, ...(note === undefined ? {} : { note }) },
          }),
        ],
      })
      return signalOf(before.id)
    },
  )

  server.post<{ Params: { id: string }; Body: AnswerBody }>(
    '/api/signals/:id/respond',
    route({
      summary:
        'Answer a signal as a whole: block its addresses, its users, the accounts it took over, or chosen values; all or none; or notify recipients of it. With continuous, later arrivals too, while it is open',
      tag,
      access: 'responder',
      params: idParams(),
      body: object(
        {
          kind: oneOf('block', 'notify', ...entryKinds, ...entryKinds.map((kind) => `block_${kind}`)),
          selection: oneOf('ips', 'users', 'compromisedUsers', 'values'),
          values: array({ type: 'string', minLength: 1, maxLength: 2_000 }, { maxItems: maxValues }),
          forSeconds: {
            type: ['integer', 'null'],
            minimum: 1,
            maximum: 3_660 * 86_400,
            description: 'null: no end; needed to block',
          },
          continuous: flag,
          recipients: {
            ...array({ type: 'string', minLength: 1, maxLength: 200 }, { maxItems: 100 }),
            description: 'to notify: ids or names; without any, those whose notification rules are for the signal',
          },
        },
        ['kind', 'selection', 'values', 'forSeconds', 'continuous', 'recipients'],
      ),
      status: 201,
      reply: object({
        total: count,
        items: { ...array(ref('ResponseRecord')), description: `the first ${maxShown}` },
        leftOut: leftOutSchema,
        standing: orNull(ref('StandingAnswer')),
      }),
    }),
    async ({ params, body, principal }, reply) => {
      if (body.kind === 'notify') {
        const items = await notifier.notify(params.id, body.recipients ?? [], principal.name)
        return reply.code(201).send({ total: items.length, items, leftOut: shownLeftOut([]), standing: null })
      }
      const { responses, leftOut, standing } = await responder.answer(params.id, answerOf(body), principal.name)
      const items = responses.slice(0, maxShown)
      return reply.code(201).send({ total: responses.length, items, leftOut: shownLeftOut(leftOut), standing })
    },
  )

  server.get<{ Params: { id: string } }>(
    '/api/signals/:id/respond',
    route({
      summary: 'Answers to a signal that go on',
      tag,
      params: idParams(),
      reply: object({ items: array(ref('StandingAnswer')) }),
    }),
    async ({ params }) => ({ items: responder.standing((await signalOf(params.id)).id) }),
  )

  server.delete<{ Params: { id: string } }>(
    '/api/signals/:id/respond',
    route({
      summary: 'End the answers to a signal that go on; what they blocked stays until its end',
      tag,
      access: 'responder',
      params: idParams(),
      status: 204,
    }),
    async ({ params, principal }, reply) => {
      await responder.endStanding(params.id, principal.name)
      return reply.code(204).send()
    },
  )

  server.delete<{ Params: { id: string } }>(
    '/api/responses/:id',
    route({
      summary: 'Take a response back: its entry is rescinded',
      tag,
      access: 'responder',
      params: idParams(),
      reply: ref('ResponseRecord'),
    }),
    ({ params, principal }) => responder.undo(params.id, principal.name),
  )
}

/** A kind may be written as in a rule's `respond` (`ip`) or as in a response (`block_ip`); `block` is what fits the selection. */
function answerOf({ kind, values, selection, forSeconds, continuous = false }: AnswerBody): SignalAnswer {
  const bare = kind?.replace(/^block_?/, '') ?? ''
  const known = entryKinds.find((one) => one === bare)
  if (forSeconds === undefined) throw fail('REQUEST_INVALID', 'forSeconds', 'say for how long; null is without end')
  return {
    selection: selection ?? (values === undefined ? 'ips' : 'values'),
    forSeconds,
    continuous,
    ...(known === undefined ? {} : { kind: known }),
    ...(values === undefined ? {} : { values }),
  }
}

/** Throws NOT_FOUND. */
export async function signalNamed(state: State, id: string): Promise<Signal> {
  const signal = await state.signal(id)
  if (signal === null) throw fail('NOT_FOUND', `signal ${id}`)
  return signal
}

function filterOf(query: SignalQuery, nowMs: number): SignalFilter {
  const states = chosen(query.state, signalStates, 'state')
  const chosenSeverities = chosen<Severity>(query.severity, severities, 'severity')
  return {
    ...(states === undefined ? {} : { states }),
    ...(chosenSeverities === undefined ? {} : { severities: chosenSeverities }),
    ...(query.rule === undefined ? {} : { ruleId: query.rule }),
    ...(query.service === undefined ? {} : { service: query.service }),
    ...(query.from === undefined ? {} : { fromMs: parseTime(query.from, nowMs, 'from') }),
    ...(query.to === undefined ? {} : { toMs: parseTime(query.to, nowMs, 'to') }),
  }
}

function chosen<T extends string>(given: string | undefined, accepted: readonly T[], path: string): T[] | undefined {
  return listOf(given)?.map((value) => {
    const known = accepted.find((one) => one === value)
    if (known === undefined) throw fail('REQUEST_INVALID', path, `"${value}" is none of ${accepted.join(', ')}`)
    return known
  })
}
