import type { Clock } from '../../model/clock.ts'
import type { DeliveryRecord, Recipient } from '../state/notification-records.ts'
import type { DocumentChange, State } from '../state/state.ts'
import type { Sent } from './channels/channel.ts'

/** Deliveries that wait; beyond, the oldest are given up, which the log says. */
const maxWaiting = 10_000
/** Lines of the delivery log. */
const maxSettled = 1_000
const maxAtOnce = 8
/** So that one slow receiver does not hold up the others. */
const maxAtOncePerRecipient = 2
const longestPauseMs = 300_000
const giveUpAfterMs = 24 * 3_600_000
/** Attempts at what the receiver says will not work. */
const attemptsWhenRefused = 5
/** How long a stop waits for what is under way. */
const patienceMs = 3_000

export interface DeliveriesOptions {
  readonly state: State
  readonly clock: Clock
  readonly recipient: (id: string) => Recipient | undefined
  readonly send: (recipient: Recipient, delivery: DeliveryRecord) => Promise<Sent>
  readonly onError: (error: unknown) => void
}

/** Sends what waits in the state, in order for each recipient and signal, until it arrived or a day has passed. */
export interface Deliveries {
  start(): void
  /** One attempt, whose outcome is final. */
  sendOnce(recipient: Recipient, delivery: DeliveryRecord): Promise<DeliveryRecord>
  stop(): Promise<void>
}

export async function createDeliveries(options: DeliveriesOptions): Promise<Deliveries> {
  const { state, clock, recipient: recipientOf, send, onError } = options
  const waiting = new Map<string, DeliveryRecord>()
  const settled: string[] = []
  const underWay = new Map<string, Promise<void>>()
  let cancel: (() => void) | undefined
  let started = false
  let stopped = false

  const unsubscribe = state.subscribe(({ documents }) => {
    for (const change of documents ?? []) {
      if (change.kind === 'delivery' && 'put' in change) note(change.put)
    }
    pump()
  })
  for (const record of (await state.documents('delivery')).toSorted(byTime)) note(record)

  function note(record: DeliveryRecord): void {
    if (record.state === 'waiting') {
      waiting.set(record.id, record)
      return
    }
    waiting.delete(record.id)
    settled.push(record.id)
  }

  function pump(): void {
    if (!started || stopped) return
    cancel?.()
    const nowMs = clock.nowMs()
    dropSurplus()
    const busy = new Set<string>()
    const perRecipient = new Map<string, number>()
    for (const id of underWay.keys()) count(waiting.get(id), busy, perRecipient)
    let nextMs = Infinity
    for (const record of waiting.values()) {
      const lane = laneOf(record)
      const dueMs = Date.parse(record.dueAt)
      const free = (perRecipient.get(record.recipientId) ?? 0) < maxAtOncePerRecipient
      if (!underWay.has(record.id) && !busy.has(lane)) {
        if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs)
        else if (free && underWay.size < maxAtOnce) begin(record, perRecipient)
      }
      busy.add(lane)
    }
    if (nextMs < Infinity) cancel = clock.after(nextMs - nowMs, pump)
  }

  function begin(record: DeliveryRecord, perRecipient: Map<string, number>): void {
    perRecipient.set(record.recipientId, (perRecipient.get(record.recipientId) ?? 0) + 1)
    const attempt = deliver(record)
      .catch((error: unknown) => {
        onError(error)
        // What could not be noted is tried again later: it may have arrived, and then arrives once more.
        waiting.set(record.id, { ...record, dueAt: later(longestPauseMs) })
      })
      .finally(() => {
        underWay.delete(record.id)
        pump()
      })
    underWay.set(record.id, attempt)
  }

  async function deliver(record: DeliveryRecord): Promise<void> {
    const recipient = recipientOf(record.recipientId)
    if (recipient === undefined) {
      await settle({ ...record, state: 'failed', lastError: 'the recipient was removed' })
      return
    }
    const sent = await send(recipient, record)
    if (stopped) return
    const attempts = record.attempts + 1
    if (sent.arrived) {
      await settle({ ...record, attempts, state: 'delivered', lastError: null })
      return
    }
    const isTooOld = clock.nowMs() - Date.parse(record.createdAt) > giveUpAfterMs
    if (isTooOld || (sent.isRefusal && attempts >= attemptsWhenRefused)) {
      await settle({ ...record, attempts, state: 'failed', lastError: sent.why })
      return
    }
    const pauseMs = Math.max(Math.min(2 ** attempts * 500, longestPauseMs), sent.retryAfterMs ?? 0)
    const next = { ...record, attempts, lastError: sent.why, dueAt: later(pauseMs) }
    await state.commit({ documents: [{ kind: 'delivery', put: next }] })
  }

  async function settle(record: DeliveryRecord): Promise<DeliveryRecord> {
    const put = { ...record, settledAt: later(0), event: null }
    const surplus = settled.splice(0, Math.max(0, settled.length + 1 - maxSettled))
    const removals = surplus.map((id): DocumentChange => ({ kind: 'delivery', delete: id }))
    await state.commit({ documents: [{ kind: 'delivery', put }, ...removals] })
    return put
  }

  function dropSurplus(): void {
    for (const record of waiting.values()) {
      if (waiting.size <= maxWaiting) return
      if (underWay.has(record.id)) continue
      waiting.delete(record.id)
      settle({ ...record, state: 'dropped', lastError: `more than ${maxWaiting} were waiting` }).catch(onError)
    }
  }

  function later(ms: number): string {
    return new Date(clock.nowMs() + ms).toISOString()
  }

  return {
    start() {
      started = true
      pump()
    },
    async sendOnce(recipient, delivery) {
      const sent = await send(recipient, delivery)
      const outcome = sent.arrived
        ? ({ state: 'delivered', lastError: null } as const)
        : ({ state: 'failed', lastError: sent.why } as const)
      return settle({ ...delivery, ...outcome, attempts: 1 })
    },
    async stop() {
      started = false
      cancel?.()
      const all = Promise.allSettled(underWay.values())
      await Promise.race([all, new Promise<void>((done) => void clock.after(patienceMs, done))])
      stopped = true
      unsubscribe()
    },
  }
}

/** Deliveries that must arrive in their order: those of one signal to one recipient. */
function laneOf({ recipientId, signalId }: DeliveryRecord): string {
  return `${recipientId}/${signalId}`
}

function count(record: DeliveryRecord | undefined, busy: Set<string>, perRecipient: Map<string, number>): void {
  if (record === undefined) return
  busy.add(laneOf(record))
  perRecipient.set(record.recipientId, (perRecipient.get(record.recipientId) ?? 0) + 1)
}

function byTime(a: DeliveryRecord, b: DeliveryRecord): number {
  return a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0
}
