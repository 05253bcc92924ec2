import { randomUUID } from 'node:crypto'
import { fail } from '../../model/error.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import type { SignalEvent, SignalEventType } from '../../model/notification.ts'
import type { DeliveryRecord, NotificationRule, NotifiedIds, Recipient } from '../state/notification-records.ts'
import type { Changes, DocumentChange, ResponseRecord, SignalFacts } from '../state/state.ts'
import { renderMessage } from './message.ts'
import { notified } from './notified.ts'
import type { NotifierOptions } from './notify.ts'
import { readIds, readUsers } from './read-event.ts'
import { newIdTargets, recipientNamed, recipientsOf, responsesOf, type Policy } from './recipients-of.ts'
import { isSameMark, markOf, newsOf } from './signal-events.ts'
import { ToldIds } from './told-ids.ts'

/** As long as a signal can come back. */
const rememberMs = 31 * 86_400_000
/** Changes of a signal that come within this time are told together. */
const gatherMs = 100
/** New ids of one signal are looked for no more often, since its lists are read whole. */
const newIdsEveryMs = 2_000
const retryMs = 1_000
const idsInOneEvent = 1_000
/** The time from which on signals are told: older ones were there before the notifications. */
const sincePosition = 'notify:since'

type Users = Awaited<ReturnType<typeof readUsers>>
type MakeDelivery = (
  type: SignalEventType,
  recipientId: string,
  newIds?: SignalEvent['newIds'],
) => Promise<DeliveryRecord>

/** Makes deliveries of what changes in signals, durable before anything is sent. */
export interface Outbox {
  /** Tells what is new since the last stop, then follows the state. */
  start(): void
  /** The recipient as it now is. */
  recipient(id: string): Recipient | undefined
  /** See `Notifier.notify`. */
  share(signalId: string, names: readonly string[], author: string): Promise<readonly ResponseRecord[]>
  stop(): Promise<void>
}

export async function createOutbox(
  options: Pick<NotifierOptions, 'state' | 'lists' | 'clock' | 'linkTo' | 'onError'>,
): Promise<Outbox> {
  const { state, lists, clock, linkTo, onError } = options
  const sinceMs = await firstStart()
  const signals = new Map<string, SignalFacts>()
  const marks = new Map((await state.documents('notified')).map((mark) => [mark.id, mark]))
  const told = new ToldIds(await state.documents('notifiedIds'))
  const rules = new Map((await state.documents('notificationRule')).map((rule) => [rule.id, rule]))
  const recipients = new Map((await state.documents('recipient')).map((recipient) => [recipient.id, recipient]))
  const detectionRules = new Map<string, DetectionRule>((await state.rules()).map(({ rule }) => [rule.id, rule]))
  /** Signals to look at, and from when on. */
  const changed = new Map<string, number>()
  const idsReadAtMs = new Map<string, number>()
  let cancel: (() => void) | undefined
  let working: Promise<void> = Promise.resolve()
  let stopped = false

  async function firstStart(): Promise<number> {
    const known = await state.position(sincePosition)
    if (known !== null) return known
    const nowMs = clock.nowMs()
    await state.commit({ positions: { [sincePosition]: nowMs } })
    return nowMs
  }

  const unsubscribe = state.subscribe((changes) => {
    follow(changes)
    if (changed.size > 0) wake(gatherMs)
  })
  for (const signal of await state.recentSignals(clock.nowMs() - rememberMs)) {
    if (!signals.has(signal.id)) note(signal)
  }
  const forgotten = [...marks.keys()].filter((id) => !signals.has(id))
  if (forgotten.length > 0) {
    await state.commit({ documents: forgotten.map((id) => ({ kind: 'notified', delete: id })) })
    forgotten.forEach((id) => marks.delete(id))
  }

  function note(signal: SignalFacts): void {
    signals.set(signal.id, signal)
    if (Date.parse(signal.createdAt) >= sinceMs || marks.has(signal.id)) changed.set(signal.id, 0)
  }

  function follow(changes: Changes): void {
    for (const change of changes.signals ?? []) {
      const before = 'open' in change ? undefined : signals.get(change.update)
      if ('open' in change) note(change.open)
      else if (before !== undefined) note({ ...before, ...change.set })
    }
    for (const { rule, deleted } of changes.rules ?? []) {
      if (deleted) detectionRules.delete(rule.id)
      else detectionRules.set(rule.id, rule)
    }
    for (const change of changes.documents ?? []) {
      if (change.kind === 'notificationRule') keep(rules, change)
      if (change.kind === 'recipient') keep(recipients, change)
    }
  }

  function keep<T extends NotificationRule | Recipient>(
    map: Map<string, T>,
    change: { readonly put: T } | { readonly delete: string },
  ): void {
    if ('put' in change) map.set(change.put.id, change.put)
    else map.delete(change.delete)
  }

  function wake(delayMs: number): void {
    if (stopped || cancel !== undefined) return
    cancel = clock.after(delayMs, () => {
      working = working.then(work).catch(onError)
    })
  }

  async function work(): Promise<void> {
    const nowMs = clock.nowMs()
    for (const [id, fromMs] of changed) {
      if (stopped) return
      if (fromMs > nowMs) continue
      changed.delete(id)
      try {
        await tell(id)
      } catch (error) {
        changed.set(id, nowMs + retryMs)
        onError(error)
      }
    }
    cancel = undefined
    if (changed.size > 0) wake(Math.max(gatherMs, Math.min(...changed.values()) - clock.nowMs()))
  }

  function policyOf({ rule }: SignalFacts): Policy {
    return {
      rules: [...rules.values()],
      recipients: [...recipients.values()],
      detectionRule: detectionRules.get(rule.id),
    }
  }

  function deliveriesOf(signal: SignalFacts, { detectionRule }: Policy): MakeDelivery {
    let users: Promise<Users> | undefined
    return async (type, recipientId, ids = null) => {
      users ??= readUsers(lists, signal)
      const at = new Date(clock.nowMs()).toISOString()
      const event = { id: randomUUID(), type, at, ...(await users), newIds: ids, link: linkTo(signal.id) }
      return newDelivery(recipientId, { ...event, message: renderMessage(detectionRule?.message ?? '', event) })
    }
  }

  /** What the case asked for as a response stands in the signal when it is told of being in that case. */
  function asked(signal: SignalFacts, policy: Policy, deliveries: readonly DeliveryRecord[]): Changes {
    const whom = new Set(deliveries.flatMap(({ type, recipientId }) => (type === 'signal.closed' ? [] : [recipientId])))
    const found = responsesOf(signal, policy).flatMap(
      ({ recipient }) => recipientNamed(recipient, policy.recipients) ?? [],
    )
    const at = new Date(clock.nowMs()).toISOString()
    const why = `${signal.rule.name}: ${signal.case}`
    return notified(
      signal,
      found.filter(({ id }) => whom.has(id)),
      { by: 'automation', at, why },
    )
  }

  async function share(id: string, names: readonly string[], author: string): Promise<readonly ResponseRecord[]> {
    const signal = signals.get(id) ?? (await state.signal(id))
    if (signal === null) throw fail('NOT_FOUND', `signal ${id}`)
    const policy = policyOf(signal)
    const chosen =
      names.length === 0
        ? policy.recipients.filter((each) => recipientsOf('signal.shared', signal, undefined, policy).includes(each.id))
        : names.map((name, index) => {
            const found = recipientNamed(name, policy.recipients)
            if (found === undefined)
              throw fail('REQUEST_INVALID', `recipients[${index}]`, `there is no recipient "${name}"`)
            return found
          })
    if (chosen.length === 0) {
      throw fail('REQUEST_INVALID', 'recipients', 'no notification rule is for this signal; name whom to tell')
    }
    const delivery = deliveriesOf(signal, policy)
    const whom = [...new Set(chosen)]
    const deliveries = await Promise.all(whom.map((recipient) => delivery('signal.shared', recipient.id)))
    const at = new Date(clock.nowMs()).toISOString()
    const { responses, timeline } = notified(signal, whom, { by: author, at, why: `notified by ${author}` })
    const after = { recipients: whom.map(({ name }) => name) }
    await state.commit({
      documents: deliveries.map((put): DocumentChange => ({ kind: 'delivery', put })),
      responses,
      ...(timeline === undefined ? {} : { timeline }),
      audit: [{ at, by: author, action: 'signal.notify', subject: id, before: null, after }],
    })
    return responses
  }

  async function tell(id: string): Promise<void> {
    const signal = signals.get(id)
    if (signal === undefined) return
    const policy = policyOf(signal)
    const before = marks.get(id)
    const mark = markOf(signal)
    const deliveries: DeliveryRecord[] = []
    const delivery = deliveriesOf(signal, policy)
    for (const type of newsOf(signal, before)) {
      for (const recipientId of recipientsOf(type, signal, before, policy)) {
        deliveries.push(await delivery(type, recipientId))
      }
    }
    const batches = await newIds(signal, policy, delivery, deliveries)
    if (isSameMark(mark, before) && deliveries.length === 0) return
    await state.commit({
      documents: [
        { kind: 'notified', put: mark },
        ...deliveries.map((put): DocumentChange => ({ kind: 'delivery', put })),
        ...batches.map((put): DocumentChange => ({ kind: 'notifiedIds', put })),
        ...told.takeSurplus(),
      ],
      ...asked(signal, policy, deliveries),
    })
    marks.set(id, mark)
    batches.forEach((batch) => told.add(batch))
    forgetOld()
  }

  /** Adds a delivery for each thousand ids that a target has not been told. */
  async function newIds(
    signal: SignalFacts,
    policy: Policy,
    delivery: MakeDelivery,
    deliveries: DeliveryRecord[],
  ): Promise<readonly NotifiedIds[]> {
    const targets = newIdTargets(signal, policy)
    if (targets.length === 0) return []
    const waitMs = (idsReadAtMs.get(signal.id) ?? 0) + newIdsEveryMs - clock.nowMs()
    if (waitMs > 0 && signal.closedAt === null) {
      changed.set(signal.id, clock.nowMs() + waitMs)
      return []
    }
    idsReadAtMs.set(signal.id, clock.nowMs())
    const batches: NotifiedIds[] = []
    for (const { recipientId, attribute } of targets) {
      const target = `${signal.rule.id}/${recipientId}/${attribute}`
      if (batches.some((batch) => batch.target === target)) continue
      const values = told.newOf(target, await readIds(lists, signal, attribute))
      for (let start = 0; start < values.length; start += idsInOneEvent) {
        const some = values.slice(start, start + idsInOneEvent)
        const made = await delivery('signal.new_ids', recipientId, { attribute, values: some })
        deliveries.push(made)
        batches.push({ id: made.id, target, at: made.createdAt, values: some })
      }
    }
    return batches
  }

  function forgetOld(): void {
    const beforeMs = clock.nowMs() - rememberMs
    for (const signal of signals.values()) {
      if (signal.closedAt === null || Date.parse(signal.lastSeen) >= beforeMs) continue
      signals.delete(signal.id)
      idsReadAtMs.delete(signal.id)
    }
  }

  return {
    start: () => wake(0),
    recipient: (id) => recipients.get(id),
    share,
    async stop() {
      stopped = true
      cancel?.()
      unsubscribe()
      await working
    },
  }
}

/** A delivery of this event that is due at once. */
export function newDelivery(recipientId: string, event: SignalEvent): DeliveryRecord {
  return {
    id: event.id,
    recipientId,
    signalId: event.signal.id,
    type: event.type,
    title: event.signal.title,
    createdAt: event.at,
    state: 'waiting',
    attempts: 0,
    dueAt: event.at,
    settledAt: null,
    lastError: null,
    event,
  }
}
