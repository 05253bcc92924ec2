import type { FastifyInstance } from 'fastify'
import type { DenylistEntry, DenylistKind } from '../../model/denylist-entry.ts'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { NewEntry, Responder } from '../respond/respond.ts'
import type { EntryFilter, ListName, State } from '../state/state.ts'
import { entryKinds } from './components.ts'
import { formatQuery, sendList, type ListQuery } from './list-reply.ts'
import { listOf, pageOf, pageQuery } from './paging.ts'
import { idParams, route } from './route.ts'
import { array, count, object, oneOf, page, ref, text, type Schema } from './schema.ts'
import { parseTime } from './time-range.ts'

const maxBulk = 100_000
/** Entries of a bulk that its reply shows; the others are there too. */
const maxShown = 1_000

const end: Schema = { type: ['string', 'number', 'null'], description: 'ISO 8601, now+2h, or null: no end' }
const newEntry: Schema = object(
  {
    kind: oneOf(...entryKinds),
    value: { type: 'string', minLength: 1, maxLength: 2_000 },
    expiresAt: end,
    forSeconds: { type: 'integer', minimum: 1, maximum: 3_660 * 86_400 },
    reason: { type: 'string', maxLength: 1_000, default: '' },
    signalId: { type: 'string', maxLength: 100 },
  },
  ['expiresAt', 'forSeconds', 'reason', 'signalId'],
)

interface EntryBody {
  readonly kind: DenylistKind
  readonly value: string
  /** null: no end; absent: 12 hours, unless `forSeconds` says otherwise. */
  readonly expiresAt?: string | number | null
  readonly forSeconds?: number
  readonly reason: string
  readonly signalId?: string
}

type EntryQuery = ListQuery & {
  readonly kind?: string
  readonly value?: string
  readonly signalId?: string
  readonly all?: boolean
}

const standardSeconds = 12 * 3_600

/** `/api/denylist` and `/api/passlist`: entries with their ends (spec/collector.md 5). */
export function listRoutes(
  server: FastifyInstance,
  list: ListName,
  { state, responder, clock }: { readonly state: State; readonly responder: Responder; readonly clock: Clock },
): void {
  const url = `/api/${list}`
  const tag = 'response'
  const access = 'responder'

  server.get<{ Querystring: EntryQuery }>(
    url,
    route({
      summary: `Entries of the ${list} that are in force, newest first; with all=true the ended ones too`,
      tag,
      query: {
        ...pageQuery,
        ...formatQuery,
        kind: { ...text, description: 'one or more, separated by commas' },
        value: text,
        signalId: text,
        all: { type: 'boolean', default: false },
      },
      reply: page(ref('Entry'), { total: count }),
      alsoAs: ['text/csv'],
    }),
    async ({ query }, reply) => {
      const filter = filterOf(query, clock.nowMs())
      if (query.format === 'csv') {
        return sendList(reply, query, {
          name: list,
          read: (wanted) => state.entries(list, filter, wanted),
          columns: {
            id: ({ id }) => id,
            kind: ({ kind }) => kind,
            value: ({ value }) => value,
            expires_at: ({ expiresAt }) => expiresAt,
            reason: ({ reason }) => reason,
            signal_id: ({ signalId }) => signalId,
            author: ({ author }) => author,
            created_at: ({ createdAt }) => createdAt,
            rescinded_at: ({ rescindedAt }) => rescindedAt,
            rescinded_by: ({ rescindedBy }) => rescindedBy,
          },
        })
      }
      const [found, total] = await Promise.all([
        state.entries(list, filter, pageOf(query)),
        state.countEntries(list, filter),
      ])
      return { ...found, total }
    },
  )

  server.get<{ Params: { id: string } }>(
    `${url}/:id`,
    route({ summary: `One entry of the ${list}`, tag, params: idParams(), reply: ref('Entry') }),
    async ({ params }) => {
      const entry = await state.entry(list, params.id)
      if (entry === null) throw fail('NOT_FOUND', `${list} entry ${params.id}`)
      return entry
    },
  )

  server.post<{ Body: EntryBody }>(
    url,
    route({
      summary: `Add an entry to the ${list}; it ends after 12 hours unless it says otherwise`,
      tag,
      access,
      body: newEntry,
      status: 201,
      reply: ref('Entry'),
    }),
    async ({ body, principal }, reply) => {
      const [entry] = await responder.add(list, [toEntry(body, clock.nowMs(), '')], principal.name)
      return reply.code(201).send(entry)
    },
  )

  server.post<{ Body: { entries: EntryBody[] } }>(
    `${url}/bulk`,
    route({
      summary: `Add up to ${maxBulk} entries to the ${list} at once, all or none; the reply shows the first ${maxShown}`,
      tag,
      access,
      body: object({ entries: array(newEntry, { minItems: 1, maxItems: maxBulk }) }),
      status: 201,
      reply: object({ added: count, items: array(ref('Entry')) }),
    }),
    async ({ body, principal }, reply) => {
      const wanted = body.entries.map((entry, index) => toEntry(entry, clock.nowMs(), `entries[${index}].`))
      const entries = await responder.add(list, wanted, principal.name)
      return reply.code(201).send({ added: entries.length, items: entries.slice(0, maxShown) })
    },
  )

  server.patch<{ Params: { id: string }; Body: { expiresAt: string | number | null } }>(
    `${url}/:id`,
    route({
      summary: 'Move the end of an entry that is in force',
      tag,
      access,
      params: idParams(),
      body: object({ expiresAt: end }),
      reply: ref('Entry'),
    }),
    async ({ params, body, principal }) => {
      const expiresAt = endOf(body.expiresAt, clock.nowMs(), 'expiresAt')
      return responder.extend(list, params.id, expiresAt, principal.name)
    },
  )

  server.delete<{ Params: { id: string } }>(
    `${url}/:id`,
    route({ summary: 'Take an entry back before its end', tag, access, params: idParams(), reply: ref('Entry') }),
    ({ params, principal }) => responder.rescind(list, params.id, principal.name),
  )

  server.post<{ Params: { id: string } }>(
    `${url}/:id/undo`,
    route({
      summary: 'Undo the taking back of an entry: it is in force again, with the end it had',
      tag,
      access,
      params: idParams(),
      status: 201,
      reply: ref('Entry'),
    }),
    async ({ params, principal }, reply) => {
      const before = await state.entry(list, params.id)
      if (before === null) throw fail('NOT_FOUND', `${list} entry ${params.id}`)
      if (before.rescindedAt === null) throw fail('CONFLICT', 'the entry was not taken back')
      const { kind, value, expiresAt, reason, signalId } = before
      if (expiresAt !== null && Date.parse(expiresAt) <= clock.nowMs()) {
        throw fail('CONFLICT', 'the entry has ended since; add it again')
      }
      const { items: inForce } = await state.entries(
        list,
        { activeAtMs: clock.nowMs(), kinds: [kind], values: [value] },
        { limit: 100 },
      )
      const outlasts = ({ expiresAt: end }: DenylistEntry): boolean =>
        end === null || (expiresAt !== null && Date.parse(end) >= Date.parse(expiresAt))
      if (inForce.some(outlasts)) throw fail('CONFLICT', `${value} is on the list again, for no shorter a time`)
      const again = { kind, value, expiresAt, reason, ...(signalId === null ? {} : { signalId }) }
      const [entry] = await responder.add(list, [again], principal.name)
      return reply.code(201).send(entry)
    },
  )
}

function filterOf(query: EntryQuery, nowMs: number): EntryFilter {
  const kinds = listOf(query.kind)?.map((kind) => {
    const known = entryKinds.find((one) => one === kind)
    if (known === undefined) throw fail('REQUEST_INVALID', 'kind', `"${kind}" is none of ${entryKinds.join(', ')}`)
    return known
  })
  return {
    ...(query.all ? {} : { activeAtMs: nowMs }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(query.value === undefined ? {} : { values: [query.value] }),
    ...(query.signalId === undefined ? {} : { signalId: query.signalId }),
  }
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
