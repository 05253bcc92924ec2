import { randomUUID } from 'node:crypto'
import type { Recipient } from '../state/notification-records.ts'
import type { Changes, ResponseRecord, SignalFacts } from '../state/state.ts'

/** What stands in a signal of recipients that were told of it as a response: by hand, or because its case asks for it. */
export function notified(
  signal: Pick<SignalFacts, 'id'>,
  recipients: readonly Pick<Recipient, 'name'>[],
  { by, at, why }: { readonly by: string; readonly at: string; readonly why: string },
): Pick<Changes, 'responses' | 'timeline'> & { readonly responses: readonly ResponseRecord[] } {
  const signalId = signal.id
  return {
    responses: recipients.map(({ name }) => ({
      id: randomUUID(),
      signalId,
      entryId: null,
      kind: 'notify',
      value: name,
      by,
      at,
      until: null,
      undoneAt: null,
      why,
      collateralUsers: 0,
    })),
    timeline: recipients.map(({ name }) => ({ signalId, at, by, kind: 'response_taken', text: `${name} is notified` })),
  }
}
