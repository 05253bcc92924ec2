import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { bin } from '../support/collector-process.ts'

test(
  'the demo detects, blocks and names a credential-stuffing attack, and hits no ordinary user',
  { timeout: 90_000 },
  () => {
    const run = spawnSync(process.execPath, [bin, 'demo', '--once', '--json'], { encoding: 'utf8', timeout: 80_000 })
    expect(run.stderr).toBe('')
    const result = JSON.parse(run.stdout)
    expect(result).toMatchObject({
      attackAttempts: expect.any(Number),
      ordinaryBlocked: 0,
      detectedAfterAttempts: expect.any(Number),
      detectedAfterMs: expect.any(Number),
      enforcedAfterMs: expect.any(Number),
    })
    expect(result.attackAttempts).toBeGreaterThan(500)
    expect(result.attackBlockedShare).toBeGreaterThan(0.1)
    expect(result.ordinaryAttempts).toBeGreaterThan(100)
    expect(result.compromised.actual).toBeGreaterThan(0)
    expect(result.compromised.found / result.compromised.actual).toBeGreaterThanOrEqual(0.9)
    expect(run.status).toBe(0)
  },
)

test('a demo whose story nobody reads any more ends what it started', { timeout: 60_000 }, async () => {
  const demo = spawn(process.execPath, [bin, 'demo'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(demo, 'close')
  let consoleUrl = ''
  for await (const line of createInterface({ input: demo.stdout })) {
    consoleUrl = /^console +(\S+)/.exec(line)?.[1] ?? consoleUrl
    if (line.startsWith('logs, data')) break
  }
  expect((await fetch(`${consoleUrl}/healthz`)).status).toBe(200)
  demo.stdout.destroy()
  await ended
  await expect(fetch(`${consoleUrl}/healthz`)).rejects.toThrow('fetch failed')
})
