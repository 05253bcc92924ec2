import { randomUUID } from 'node:crypto'
import { fail } from '../../model/error.ts'
import type { DeliveryRecord, Recipient } from '../state/notification-records.ts'
import type { Sent } from './channels/channel.ts'
import { sendMail } from './channels/email.ts'
import { createOAuthTokens } from './channels/oauth-tokens.ts'
import { sendPost } from './channels/send.ts'
import { createDeliveries } from './deliveries.ts'
import type { Notifier, NotifierOptions } from './notify.ts'
import { createOutbox, newDelivery } from './outbox.ts'
import { checkPayload } from './payload.ts'
import { sampleEvent } from './sample-event.ts'

/** Prepares the notifications: what was told of each signal, and what still waits, come from the state. */
export async function createNotifier(options: NotifierOptions): Promise<Notifier> {
  const { state, clock, outbound, mail, linkTo, onError } = options
  const tokens = createOAuthTokens(outbound)
  const outbox = await createOutbox(options)
  const deliveries = await createDeliveries({ state, clock, send, onError, recipient: (id) => outbox.recipient(id) })

  async function send(recipient: Recipient, { event }: DeliveryRecord): Promise<Sent> {
    if (event === null) return { arrived: true }
    return recipient.kind === 'email'
      ? sendMail(mail, recipient.to, event)
      : sendPost(outbound, recipient, event, { nowMs: clock.nowMs(), tokens })
  }

  return {
    start() {
      deliveries.start()
      outbox.start()
    },
    checkPayload: (payload) => checkPayload(payload, sampleEvent('sample', new Date(0).toISOString(), linkTo)),
    notify: (signalId, recipients, author) => outbox.share(signalId, recipients, author),
    async test(recipientId) {
      const recipient = outbox.recipient(recipientId)
      if (recipient === undefined) throw fail('NOT_FOUND', `recipient ${recipientId}`)
      const event = sampleEvent(randomUUID(), new Date(clock.nowMs()).toISOString(), linkTo)
      return deliveries.sendOnce(recipient, newDelivery(recipient.id, event))
    },
    async stop() {
      await outbox.stop()
      await deliveries.stop()
    },
  }
}
