import { afterAll, expect, test } from 'vitest'
import { sendLogins } from '../support/agent-payload.ts'
import { startCollectorProcess, temporaryDirectory } from '../support/collector-process.ts'
import { eventually } from '../support/eventually.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

test(
  'kill -9 during an attack loses no acknowledged span, and the signal stays one signal',
  { timeout: 120_000 },
  async () => {
    const acknowledged = new Set<string>()
    let collector = await startCollectorProcess(directory.path, { RESPONSE_AUTOMATION: 'on' })
    let sent = 0
    const attack = async (batches: number): Promise<void> => {
      for (let batch = 0; batch < batches; batch++) {
        const attempts = Array.from({ length: 8 }, () => ({ login: `user${sent++}@example.com`, ip: '203.0.113.77' }))
        const reply = await sendLogins(collector.agentUrl, attempts).catch(() => undefined)
        if (reply?.status === 200) reply.spanIds.forEach((id) => acknowledged.add(id))
      }
    }
    const signals = async (): Promise<any[]> =>
      (await collector.api('GET', '/api/signals?rule=credential-stuffing')).body.items

    await attack(8)
    await eventually(async () => ((await signals()).length > 0 ? true : undefined), {
      says: 'the signal',
      withinMs: 20_000,
    })
    for (let round = 0; round < 3; round++) {
      const underWay = attack(12)
      await eventually(async () => (acknowledged.size >= 64 + round * 48 ? true : undefined), {
        says: 'part of the attack',
        withinMs: 20_000,
      })
      await collector.kill()
      await underWay
      collector = await startCollectorProcess(directory.path, { RESPONSE_AUTOMATION: 'on' })
    }
    await attack(4)

    expect(acknowledged.size).toBeGreaterThan(150)
    const { body } = await collector.api('POST', '/api/spans/search', {
      query: 'service:shop',
      from: 'now-1h',
      limit: 5_000,
    })
    const stored: string[] = body.spans.map(({ spanId }: { spanId: string }) => spanId)
    expect(new Set(stored).size).toBe(stored.length)
    expect([...acknowledged].filter((id) => !stored.includes(id))).toEqual([])

    const [signal, ...others] = await eventually(
      async () => {
        const found = await signals()
        return found[0]?.targetedUsers >= acknowledged.size ? found : undefined
      },
      { says: 'the counts catching up', withinMs: 20_000 },
    )
    expect(others).toEqual([])
    const entries = await collector.api('GET', '/api/denylist?value=203.0.113.77')
    expect(entries.body.items).toHaveLength(1)
    expect(signal.responses).toHaveLength(1)
    expect(await collector.stop()).toBe(0)
  },
)
