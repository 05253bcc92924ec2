import { randomBytes, randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { severities } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import { signalEventTypes } from '../../model/notification.ts'
import type { Notifier } from '../notify/notify.ts'
import type { Outbound } from '../outbound.ts'
import { keepRecentlyRemoved } from '../recently-removed.ts'
import type { DeliveryRecord, NotificationRule, Recipient } from '../state/notification-records.ts'
import type { DocumentChange, State } from '../state/state.ts'
import type { Principal } from './access.ts'
import { auditOf } from './audit.ts'
import { pageQuery, type PageQuery } from './paging.ts'
import { recipientBody, shownRecipient, shownRecipientSchema, toRecipient, type RecipientBody } from './recipient.ts'
import { idParams, route } from './route.ts'
import {
  array,
  count,
  flag,
  instant,
  instantOrNull,
  object,
  oneOf,
  page,
  text,
  textOrNull,
  type Schema,
} from './schema.ts'

export interface NotificationParts {
  readonly state: State
  readonly notifier: Notifier
  readonly outbound: Outbound
  readonly clock: Clock
}

const names = array({ type: 'string', minLength: 1, maxLength: 200 }, { maxItems: 100 })
const ruleFields: Readonly<Record<string, Schema>> = {
  name: { type: 'string', minLength: 1, maxLength: 200 },
  enabled: { ...flag, default: true },
  severities: array(oneOf(...severities), { maxItems: severities.length, default: [] }),
  tags: { ...names, default: [] },
  services: { ...names, default: [] },
  recipients: { ...names, minItems: 1 },
}
const ruleBody = object(ruleFields, ['enabled', 'severities', 'tags', 'services'])
const shownRule = object({ id: text, ...ruleFields })
const deliveryStates = ['waiting', 'delivered', 'failed', 'dropped'] as const
const shownDeliverySchema = object({
  id: text,
  recipientId: text,
  signalId: text,
  type: oneOf(...signalEventTypes),
  title: text,
  createdAt: instant,
  state: oneOf(...deliveryStates),
  attempts: count,
  dueAt: instant,
  settledAt: instantOrNull,
  lastError: textOrNull,
})
type RuleBody = Omit<NotificationRule, 'id'>
interface ById {
  readonly Params: { readonly id: string }
}

const root = '/api/notifications'
const tag = 'notifications'
const params = idParams()
/** Of each: what one installation has use for, and a listing shows at once. */
const maxDocuments = 500

/** `/api/notifications`: rules, recipients, their tests, and what was delivered. Secrets go in, never out. */
export function notificationRoutes(server: FastifyInstance, parts: NotificationParts): void {
  ruleRoutes(server, parts)
  recipientRoutes(server, parts)
  deliveryRoutes(server, parts)
}

function ruleRoutes(server: FastifyInstance, parts: NotificationParts): void {
  const { state, notifier } = parts
  const checkRecipients = async ({ recipients }: RuleBody): Promise<void> => {
    const known = new Set((await state.documents('recipient')).map(({ id }) => id))
    const missing = recipients.findIndex((id) => !known.has(id))
    if (missing >= 0) throw fail('REQUEST_INVALID', `recipients[${missing}]`, 'there is no recipient of this id')
  }

  server.get(
    `${root}/rules`,
    route({ summary: 'Which signals are told to whom', tag, reply: page(shownRule) }),
    async () => ({ items: await state.documents('notificationRule'), next: null }),
  )
  server.get<ById>(
    `${root}/rules/:id`,
    route({ summary: 'One notification rule', tag, params, reply: shownRule }),
    async ({ params: { id } }) => ruleOf(state, id),
  )
  server.post<{ Body: RuleBody }>(
    `${root}/rules`,
    route({ summary: 'A new rule', tag, access: 'admin', body: ruleBody, status: 201, reply: shownRule }),
    async ({ body, principal }, reply) => {
      await checkRoom(state, 'notificationRule')
      await checkRecipients(body)
      const rule = { id: randomUUID(), ...body }
      await put(parts, principal, 'notificationRule.add', { kind: 'notificationRule', put: rule }, null, rule)
      return reply.code(201).send(rule)
    },
  )
  server.put<ById & { Body: RuleBody }>(
    `${root}/rules/:id`,
    route({ summary: 'Change a rule', tag, access: 'admin', params, body: ruleBody, reply: shownRule }),
    async ({ params: { id }, body, principal }) => {
      const before = await ruleOf(state, id)
      await checkRecipients(body)
      const rule = { id: before.id, ...body }
      await put(parts, principal, 'notificationRule.change', { kind: 'notificationRule', put: rule }, before, rule)
      return rule
    },
  )
  server.delete<ById>(
    `${root}/rules/:id`,
    route({ summary: 'Remove a rule', tag, access: 'admin', params, status: 204 }),
    async ({ params: { id }, principal }, reply) => {
      const before = await ruleOf(state, id)
      await put(parts, principal, 'notificationRule.delete', { kind: 'notificationRule', delete: id }, before, null)
      return reply.code(204).send()
    },
  )
  server.post<ById>(
    `${root}/rules/:id/test`,
    route({
      summary: 'Send a test to every recipient of a rule',
      tag,
      access: 'responder',
      params,
      reply: page(shownDeliverySchema),
    }),
    async ({ params: { id } }) => {
      const { recipients } = await ruleOf(state, id)
      const known = new Set((await state.documents('recipient')).map((recipient) => recipient.id))
      const outcomes = await Promise.all(
        recipients.filter((each) => known.has(each)).map((each) => notifier.test(each)),
      )
      return { items: outcomes.map(shownDelivery), next: null }
    },
  )
}

function recipientRoutes(server: FastifyInstance, parts: NotificationParts): void {
  const { state, notifier, clock } = parts
  const removed = keepRecentlyRemoved<Recipient>(() => clock.nowMs())
  server.get(
    `${root}/recipients`,
    route({ summary: 'Who can be told', tag, reply: page(shownRecipientSchema) }),
    async () => ({ items: (await state.documents('recipient')).map(shownRecipient), next: null }),
  )
  server.get<ById>(
    `${root}/recipients/:id`,
    route({ summary: 'One recipient, without its secrets', tag, params, reply: shownRecipientSchema }),
    async ({ params: { id } }) => shownRecipient(await recipientOf(state, id)),
  )
  server.post<{ Body: RecipientBody }>(
    `${root}/recipients`,
    route({
      summary: 'A new recipient; the reply holds the signing secret of a webhook, this once',
      tag,
      access: 'admin',
      body: recipientBody,
      status: 201,
      reply: shownRecipientSchema,
    }),
    async ({ body, principal }, reply) => {
      await checkRoom(state, 'recipient')
      const secret = body.secret ?? `whsec_${randomBytes(24).toString('base64url')}`
      const recipient = toRecipient(randomUUID(), { ...body, secret }, null, { ...parts, nowMs: clock.nowMs() })
      const shown = shownRecipient(recipient)
      await put(parts, principal, 'recipient.add', { kind: 'recipient', put: recipient }, null, shown)
      return reply.code(201).send(recipient.kind === 'webhook' ? { ...shown, secret } : shown)
    },
  )
  server.put<ById & { Body: RecipientBody }>(
    `${root}/recipients/:id`,
    route({
      summary: 'Change a recipient; secrets that are left out stay',
      tag,
      access: 'admin',
      params,
      body: recipientBody,
      reply: shownRecipientSchema,
    }),
    async ({ params: { id }, body, principal }) => {
      const before = await recipientOf(state, id)
      const recipient = toRecipient(before.id, body, before, { ...parts, nowMs: clock.nowMs() })
      const shown = shownRecipient(recipient)
      const change = { kind: 'recipient', put: recipient } as const
      await put(parts, principal, 'recipient.change', change, shownRecipient(before), shown)
      return shown
    },
  )
  server.delete<ById>(
    `${root}/recipients/:id`,
    route({ summary: 'Remove a recipient', tag, access: 'admin', params, status: 204 }),
    async ({ params: { id }, principal }, reply) => {
      const recipient = await recipientOf(state, id)
      const before = shownRecipient(recipient)
      await put(parts, principal, 'recipient.delete', { kind: 'recipient', delete: id }, before, null)
      removed.keep(id, recipient)
      return reply.code(204).send()
    },
  )
  server.post<ById>(
    `${root}/recipients/:id/undo`,
    route({
      summary: 'Put a removed recipient back, its secrets too: within ten minutes, at the collector that removed it',
      tag,
      access: 'admin',
      params,
      reply: shownRecipientSchema,
    }),
    async ({ params: { id }, principal }) => {
      await checkRoom(state, 'recipient')
      const recipient = removed.take(id)
      if (recipient === undefined) throw fail('NOT_FOUND', `a recipient ${id} that was removed within ten minutes`)
      const shown = shownRecipient(recipient)
      await put(parts, principal, 'recipient.undo', { kind: 'recipient', put: recipient }, null, shown)
      return shown
    },
  )
  server.post<ById>(
    `${root}/recipients/:id/test`,
    route({ summary: 'Send a test now', tag, access: 'responder', params, reply: shownDeliverySchema }),
    async ({ params: { id } }) => shownDelivery(await notifier.test(id)),
  )
}

type DeliveryQuery = PageQuery & {
  readonly state?: DeliveryRecord['state']
  readonly recipientId?: string
  readonly signalId?: string
}

/** When a delivery was made, and its id: what a page of them ends with. */
const deliveryKey = /^\d{4}-\d\d-\d\dT[\d:.]+Z\/./

function deliveryRoutes(server: FastifyInstance, { state }: NotificationParts): void {
  server.get<{ Querystring: DeliveryQuery }>(
    `${root}/deliveries`,
    route({
      summary: 'What was sent, what waits and what was given up; newest first',
      tag,
      query: { ...pageQuery, state: oneOf(...deliveryStates), recipientId: text, signalId: text },
      reply: page(shownDeliverySchema),
    }),
    async ({ query }) => {
      if (query.cursor !== undefined && !deliveryKey.test(query.cursor)) {
        throw fail('REQUEST_INVALID', 'cursor', 'it is not one that an earlier page gave')
      }
      const wanted = (await state.documents('delivery'))
        .filter(
          (delivery) =>
            (query.state ?? delivery.state) === delivery.state &&
            (query.recipientId ?? delivery.recipientId) === delivery.recipientId &&
            (query.signalId ?? delivery.signalId) === delivery.signalId,
        )
        .map((delivery) => ({ delivery, key: `${delivery.createdAt}/${delivery.id}` }))
        .toSorted((a, b) => (a.key < b.key ? 1 : -1))
        .filter(({ key }) => query.cursor === undefined || key < query.cursor)
      const shown = wanted.slice(0, query.limit)
      return {
        items: shown.map(({ delivery }) => shownDelivery(delivery)),
        next: wanted.length > shown.length ? (shown.at(-1)?.key ?? null) : null,
      }
    },
  )
}

async function ruleOf(state: State, id: string): Promise<NotificationRule> {
  const rule = await state.document('notificationRule', id)
  if (rule === null) throw fail('NOT_FOUND', `notification rule ${id}`)
  return rule
}

async function recipientOf(state: State, id: string): Promise<Recipient> {
  const recipient = await state.document('recipient', id)
  if (recipient === null) throw fail('NOT_FOUND', `recipient ${id}`)
  return recipient
}

async function checkRoom(state: State, kind: 'notificationRule' | 'recipient'): Promise<void> {
  const { length } = await state.documents(kind)
  if (length >= maxDocuments) throw fail('REQUEST_INVALID', 'name', `there are ${maxDocuments} already`)
}

async function put(
  { state, clock }: NotificationParts,
  principal: Principal,
  action: string,
  change: DocumentChange,
  before: unknown,
  after: unknown,
): Promise<void> {
  const subject = 'put' in change ? change.put.id : change.delete
  await state.commit({ documents: [change], audit: [auditOf(clock, principal, { action, subject, before, after })] })
}

function shownDelivery({ event: _hidden, ...shown }: DeliveryRecord): Omit<DeliveryRecord, 'event'> {
  return shown
}
