import { beforeEach, expect, test } from 'vitest'
import { keepAnswers, type KeptAnswers } from '../../../src/collector/detect/keep-answers.ts'

let nowMs: number
let timers: { readonly atMs: number; readonly run: () => void }[]
let dropped: string[]
let made: number
let answers: KeptAnswers<string>

beforeEach(() => {
  nowMs = 1_000_000
  timers = []
  dropped = []
  made = 0
  const after = (delayMs: number, run: () => void): (() => void) => {
    timers.push({ atMs: nowMs + delayMs, run })
    return () => undefined
  }
  answers = keepAnswers<string>({ nowMs: () => nowMs, after }, (value) => dropped.push(value))
})

function pass(ms: number): void {
  nowMs += ms
  const due = timers.filter(({ atMs }) => atMs <= nowMs)
  timers = timers.filter(({ atMs }) => atMs > nowMs)
  for (const { run } of due) run()
}

/** An answer that takes so long to find. */
function taking(ms: number): () => Promise<string> {
  return async () => {
    pass(ms)
    return `answer ${++made}`
  }
}

const asked = async (key: string, ms: number): Promise<string> => (await answers.current(key, taking(ms))).value

test('a dear answer is given again for ten times as long as it took, a cheap one is found anew', async () => {
  expect(await asked('dear', 2_000)).toBe('answer 1')
  pass(19_999)
  expect(await asked('dear', 2_000)).toBe('answer 1')
  pass(1)
  expect(await asked('dear', 2_000)).toBe('answer 2')
  expect(await asked('cheap', 99)).toBe('answer 3')
  expect(await asked('cheap', 99)).toBe('answer 4')
})

test('whoever asks while the answer is being found waits for the same', async () => {
  let found: ((value: string) => void) | undefined
  const first = answers.current('a', () => new Promise<string>((resolve) => (found = resolve)))
  const second = answers.current('a', taking(1))
  const other = answers.current('b', taking(1))
  expect((await other).value).toBe('answer 1')
  found?.('slow')
  expect([(await first).value, (await second).value]).toEqual(['slow', 'slow'])
})

test('whoever wants it as it is now gets a new one, which others then get, too', async () => {
  await asked('a', 2_000)
  expect((await answers.anew('a', taking(2_000))).value).toBe('answer 2')
  expect(await asked('a', 2_000)).toBe('answer 2')
})

test('a failure is not kept', async () => {
  await expect(answers.current('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await asked('a', 1)).toBe('answer 1')
})

test('an earlier answer is found by its number, under its own key', async () => {
  const { number } = await answers.current('a', taking(2_000))
  pass(60_000)
  await asked('a', 2_000)
  expect(answers.earlier('a', number)?.value).toBe('answer 1')
  expect(answers.earlier('b', number)).toBeUndefined()
  answers.forget(number)
  expect(answers.earlier('a', number)).toBeUndefined()
  expect(dropped).toEqual(['answer 1'])
})

test('eight are kept: the one nobody asked for longest goes', async () => {
  const { number } = await answers.current('key 0', taking(1))
  for (let key = 1; key < 8; key++) await asked(`key ${key}`, 1)
  answers.earlier('key 0', number)
  await asked('key 8', 1)
  expect(dropped).toEqual(['answer 2'])
})

test('an answer that nobody asks for goes after five minutes; one that is read on in stays', async () => {
  const { number } = await answers.current('read', taking(1))
  await asked('left', 1)
  pass(4 * 60_000)
  expect(answers.earlier('read', number)).toBeDefined()
  pass(60_000)
  expect(dropped).toEqual(['answer 2'])
  pass(5 * 60_000)
  expect(dropped).toEqual(['answer 2', 'answer 1'])
})
