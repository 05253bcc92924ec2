import { createNotifier } from '../../../src/collector/notify/notifier.ts'
import type { Notifier } from '../../../src/collector/notify/notify.ts'
import { createOutbound } from '../../../src/collector/outbound.ts'
import type { DeliveryRecord, NotificationRule, Recipient } from '../../../src/collector/state/notification-records.ts'
import type { RuleCase, RuleNotify, RuleResponse } from '../../../src/model/detection-rule.ts'
import type { SignalEvent } from '../../../src/model/notification.ts'
import { systemClock } from '../../support/system-clock.ts'
import { startHttpReceiver, type HttpReceiver } from '../../support/http-receiver.ts'
import { failure, startBench, success, times, type Bench, type Event } from '../detect/campaign-bench.ts'

export const secret = 'whsec_of-the-tests-0123456789'
export const attacker = '203.0.113.9'

/** A detection bench and the notifications of what it finds, sent to a real receiver. Its hours pass at will, its timers do not. */
export interface NotifyBench extends Bench {
  readonly receiver: HttpReceiver
  notifier: Notifier
  readonly notifyErrors: readonly unknown[]
  add(recipient: Recipient, rule?: Partial<NotificationRule>): Promise<void>
  /** Sets whom a shipped rule notifies. */
  notifyOf(ruleId: string, caseName: string, notify: readonly RuleNotify[]): Promise<void>
  /** Sets what a case of a shipped rule does. */
  respondOf(ruleId: string, caseName: string, respond: readonly RuleResponse[]): Promise<void>
  startNotifier(allow?: readonly string[]): Promise<void>
  /** The process is gone in the midst of it: nothing more is written or sent by it. */
  kill(): Promise<void>
  events(): readonly SignalEvent[]
  deliveries(): Promise<readonly DeliveryRecord[]>
}

export async function startNotifyBench(smtpUrl = ''): Promise<NotifyBench> {
  const bench = await startBench({ enabled: false })
  const receiver = await startHttpReceiver()
  const notifyErrors: unknown[] = []
  const startedMs = Date.now()
  const clock = { ...systemClock, nowMs: () => bench.clock.nowMs() + Date.now() - startedMs }
  const whole = Object.create(bench) as NotifyBench
  const closeBench = bench.close.bind(bench)
  const changeCase = async (ruleId: string, caseName: string, change: Partial<RuleCase>): Promise<void> => {
    const [found] = (await bench.state.ruleVersions(ruleId)).slice(0, 1)
    if (found === undefined) throw new Error(`no rule ${ruleId}`)
    const cases = found.rule.cases.map((each) => (each.name === caseName ? { ...each, ...change } : each))
    const rule = { ...found.rule, version: found.rule.version + 1, cases }
    await bench.state.commit({ rules: [{ rule, at: new Date().toISOString(), by: 'ann', deleted: false }] })
  }
  return Object.assign(whole, {
    receiver,
    notifyErrors,
    async add(recipient: Recipient, rule: Partial<NotificationRule> = {}) {
      const standard = {
        id: `rule-${recipient.id}`,
        name: 'all',
        enabled: true,
        severities: [],
        tags: [],
        services: [],
      }
      await bench.state.commit({
        documents: [
          { kind: 'recipient', put: recipient },
          { kind: 'notificationRule', put: { ...standard, recipients: [recipient.id], ...rule } },
        ],
      })
    },
    notifyOf: (ruleId: string, caseName: string, notify: readonly RuleNotify[]) =>
      changeCase(ruleId, caseName, { notify }),
    respondOf: (ruleId: string, caseName: string, respond: readonly RuleResponse[]) =>
      changeCase(ruleId, caseName, { respond }),
    async startNotifier(allow: readonly string[] = ['127.0.0.0/8']) {
      const { state, lists } = bench
      whole.notifier = await createNotifier({
        state,
        lists,
        clock,
        outbound: createOutbound({ allow }),
        mail: { smtpUrl, from: 'Portcullis <portcullis@example.com>' },
        linkTo: (id: string) => `https://console.example/signals/${id}`,
        onError: (error: unknown) => notifyErrors.push(error),
      })
      whole.notifier.start()
    },
    async kill() {
      await bench.restart()
    },
    events: () => receiver.accepted.map(({ body }) => JSON.parse(body) as SignalEvent),
    deliveries: () => bench.state.documents('delivery'),
    async close() {
      await whole.notifier.stop()
      await receiver.close()
      await closeBench()
    },
  })
}

export function webhook(url: string, more: Partial<Extract<Recipient, { kind: 'webhook' }>> = {}): Recipient {
  const secrets = [{ value: secret, endsAt: null }]
  return { id: 'hook', name: 'security', kind: 'webhook', url, headers: {}, payload: null, secrets, ...more }
}

export function stuffing(from: number, count = 35): readonly Event[] {
  return times(count, from, 1, (at, n) => failure(at, attacker, `stolen${from}-${n}`))
}

export { success }
