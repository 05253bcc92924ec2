import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

type Counts = Readonly<Record<string, number>>

interface Soak {
  readonly framework: string
  readonly requests: number
  readonly spans: number
  readonly outcomes: Counts
  readonly rows: readonly { readonly held: Counts; readonly handles: Counts }[]
}

// On the build (`npm run build` comes first). `node bench/soak/run.js` sends a million requests, and looks at the heap.
test('nothing of a request is held once it is over, however it ended', { timeout: 240_000 }, async () => {
  const child = spawn(process.execPath, ['bench/soak/run.js', '--requests', '1800', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const results = JSON.parse(await text(child.stdout)) as Soak[]
  expect(results.map(({ framework }) => framework)).toEqual(['express', 'fastify'])
  for (const { requests, spans, outcomes, rows } of results) {
    expect([requests, spans]).toEqual([900, 900])
    expect(Object.values(outcomes)).toEqual(Array.from({ length: 9 }, () => 100))
    // Of 300 requests a row: what a leak holds grows by as many, the collector of garbage leaves the last few.
    const most = Math.max(0, ...rows.flatMap(({ held }) => Object.values(held)))
    expect(most).toBeLessThan(20)
    // The listening server, and the pipes to the driver: no sockets, no timers.
    for (const { handles } of rows) expect(handles).toEqual({ PipeWrap: expect.any(Number), TCPServerWrap: 1 })
    expect(rows.at(-1)?.handles).toEqual(rows[0]?.handles)
  }
})
