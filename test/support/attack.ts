import { sendLogins, type LoginAttempt } from './agent-payload.ts'
import type { CollectorProcess } from './collector-process.ts'
import { eventually } from './eventually.ts'

export const attackerIp = '203.0.113.9'
export const victim = 'victim@shop.example'

/** Forty failures from one address, with one password right: what raises the signal `credential-stuffing`. */
function stuffing(atMs: number = Date.now()): readonly LoginAttempt[] {
  const failures = Array.from({ length: 40 }, (_, index) => ({
    login: `user${index}@shop.example`,
    ip: attackerIp,
    exists: index % 2 === 0,
    atMs: atMs - 40_000 + index * 500,
  }))
  return [...failures, { login: victim, ip: attackerIp, success: true, userId: 'id-victim', atMs: atMs - 1_000 }]
}

/** Sends the attack and waits until its signal names the account that was taken over; resolves with the signal. */
export async function attackUntilSignal(collector: CollectorProcess): Promise<any> {
  await sendLogins(collector.agentUrl, stuffing())
  return eventually(
    async () => {
      const { body } = await collector.api('GET', '/api/signals?rule=credential-stuffing')
      return body.items.find(({ compromisedUsers }: { compromisedUsers: number }) => compromisedUsers > 0)
    },
    { says: 'the signal of the attack', withinMs: 20_000 },
  )
}
