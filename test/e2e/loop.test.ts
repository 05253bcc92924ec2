import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { bin } from '../support/collector-process.ts'

type Demo = ChildProcessByStdio<null, Readable, Readable>

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

describe('a demo ends what it started', () => {
  const ends: readonly (readonly [when: string, end: (demo: Demo) => unknown])[] = [
    ['nobody reads its story any more', (demo) => demo.stdout.destroy()],
    ['nobody reads its errors either', (demo) => [demo.stdout.destroy(), demo.stderr.destroy()]],
    ['it is asked to end', (demo) => demo.kill('SIGTERM')],
    ['it is killed', (demo) => demo.kill('SIGKILL')],
  ]
  test.each(ends)('when %s', { timeout: 60_000 }, async (_when, end) => {
    const data = await mkdtemp(join(tmpdir(), 'portcullis-demo-'))
    onTestFinished(() => rm(data, { recursive: true }))
    const demo = spawn(process.execPath, [bin, 'demo', '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(demo, 'exit')
    const urls: string[] = []
    for await (const line of createInterface({ input: demo.stdout })) {
      const [, url] = /^(?:console|example app) +(\S+)/.exec(line) ?? []
      if (url !== undefined) urls.push(url)
      if (line.startsWith('logs, data')) break
    }
    expect(urls).toHaveLength(2)
    for (const url of urls) expect((await fetch(url)).status).toBeLessThan(500)
    end(demo)
    await ended
    for (const url of urls) await vi.waitFor(() => expect(fetch(url)).rejects.toThrow('fetch failed'), 15_000)
  })
})
