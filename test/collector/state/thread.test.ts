import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { State } from '../../../src/collector/state/state.ts'

/** A worker thread cannot load TypeScript, so this runs on the build: `npm run build` makes it. */
const built = pathToFileURL(resolve('dist/collector/state/duckdb/state.js')).href

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-state-thread-'))
})
afterEach(async () => {
  await rm(dir, { recursive: true, force: true })
})

async function openState(): Promise<State> {
  const { openState } = (await import(built)) as { openState: (options: { dir: string }) => Promise<State> }
  return openState({ dir })
}

/** Commits numbered changes one after the other, and prints each number once it is acknowledged. */
const writer = `
  const { openState } = await import(${JSON.stringify(built)})
  const state = await openState({ dir: process.argv[2] })
  for (let number = 1; ; number++) {
    await state.commit({
      positions: { p: number },
      documents: [{ kind: 'service', put: { id: 's' + number, appsec: { enabled: null }, clientIpVerified: false } }],
      audit: [{ at: '2026-01-01T00:00:00.000Z', by: 'x', action: 'a.b', subject: String(number), before: null, after: null }],
    })
    console.log(number)
  }
`

async function writeScript(): Promise<string> {
  const script = join(dir, 'writer.mjs')
  await writeFile(script, writer)
  return script
}

function startWriter(script: string): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('kill -9 while it writes loses nothing that was acknowledged, and no commit is half there', async () => {
  let acknowledged = 0
  for (let round = 0; round < 3; round++) {
    const child = startWriter(await writeScript())
    const exited = new Promise((done) => child.once('close', done))
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line)
      if (acknowledged >= 25 + round) child.kill('SIGKILL')
    }
    await exited
    const state = await openState()
    const position = (await state.position('p')) ?? 0
    expect(position).toBeGreaterThanOrEqual(acknowledged)
    const services = await state.documents('service')
    const { items } = await state.audit({ limit: 10_000 })
    expect(services.some(({ id }) => id === `s${position}`)).toBe(true)
    expect(items.filter(({ subject }) => subject === String(position))).toHaveLength(1)
    expect(items.some(({ subject }) => subject === String(position + 1))).toBe(false)
    await state.close()
    await rm(dir, { recursive: true, force: true })
    dir = await mkdtemp(join(tmpdir(), 'portcullis-state-thread-'))
  }
})

test('two processes do not share a file: the second is told who has it', async () => {
  const child = startWriter(await writeScript())
  const exited = new Promise((done) => child.once('close', done))
  await new Promise((done) => child.stdout.once('data', done))
  await expect(openState()).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: expect.stringContaining(String(child.pid)) as string,
  })
  child.kill('SIGKILL')
  await exited
})

test('calls after closing are refused with a code, and those under way are finished', async () => {
  const state = await openState()
  const committing = state.commit({ positions: { p: 7 } })
  const closing = state.close()
  await committing
  await closing
  await expect(state.position('p')).rejects.toMatchObject({ code: 'STORE_FULL' })
  const again = await openState()
  expect(await again.position('p')).toBe(7)
  await again.close()
})

test(
  'a disk that is full refuses changes, loses none, and takes more once there is room',
  { timeout: 60_000 },
  async () => {
    const script = join(dir, 'filler.mjs')
    await writeFile(
      script,
      `import { randomBytes } from 'node:crypto'
    const { openState } = await import(${JSON.stringify(built)})
    const state = await openState({ dir: process.argv[2] })
    let refused = 0
    for (let number = 1; refused < 3; number++) {
      const note = randomBytes(40_000).toString('hex')
      const entry = { at: '2026-01-01T00:00:00.000Z', by: note, action: 'a.b', subject: String(number), before: null, after: null }
      try {
        await state.commit({ positions: { p: number }, audit: [entry] })
        console.log(number)
      } catch (error) {
        refused++
        console.log(error.code)
      }
      if (number % 20 === 0) await state.checkpoint().catch(() => undefined)
    }
    console.log('last ' + (await state.position('p')))
    process.exit(0)`,
    )
    const child = spawn('bash', ['-c', 'ulimit -f 3000; exec "$0" "$@"', process.execPath, script, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said: string[] = []
    for await (const line of createInterface({ input: child.stdout })) said.push(line)
    const acknowledged = said.filter((line) => /^\d+$/.test(line))
    expect(said.filter((line) => line === 'DISK_FULL')).toHaveLength(3)
    expect(said.at(-1)).toBe(`last ${acknowledged.at(-1)}`)
    const state = await openState()
    expect(await state.position('p')).toBe(Number(acknowledged.at(-1)))
    await state.commit({ positions: { p: -1 } })
    expect(await state.position('p')).toBe(-1)
    await state.close()
  },
)
