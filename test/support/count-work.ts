import { createRequire } from 'node:module'

type Method = (this: unknown, ...given: unknown[]) => unknown

/** Characters that a call of a method read, given its text, its arguments and its result. */
type Cost = (text: string, given: readonly unknown[], result: unknown) => number

const one: Cost = () => 1
const whole: Cost = (text) => text.length
const result: Cost = (_, __, made) => String(made).length + 1
/** From where it began to where it found something, or to the end. */
const search: Cost = (text, [mark, from], found) => {
  const start = typeof from === 'number' ? from : 0
  const end = typeof found === 'number' && found >= 0 ? found + String(mark).length : text.length
  return Math.max(end - start, 1)
}

const ofStrings: Readonly<Record<string, Cost>> = {
  charCodeAt: one,
  codePointAt: one,
  charAt: one,
  at: one,
  startsWith: (_, [mark]) => String(mark).length,
  endsWith: (_, [mark]) => String(mark).length,
  indexOf: search,
  includes: whole,
  lastIndexOf: whole,
  slice: result,
  substring: result,
  split: whole,
  replace: whole,
  replaceAll: whole,
  toLowerCase: whole,
  toUpperCase: whole,
  normalize: whole,
  trim: whole,
}

/** V8's own patterns: a sticky one reads what it matched, another from where it stands on. */
const ofPattern: Cost = (text, _, made) => (Array.isArray(made) ? String(made[0]).length + 1 : text.length)

const re2 = (): { prototype: object } => createRequire(import.meta.url)('re2') as { prototype: object }

/**
 * Counts the characters that synchronous work reads, by whatever way it reads them: string methods, V8's patterns, RE2
 * (the length of its input for each call) and copies into buffers. What a loop reads of a buffer is not seen, only that
 * the text was copied there.
 */
export function countWork(work: () => void): number {
  let count = 0
  const undo: (() => void)[] = []
  const watch = (
    owner: object,
    name: string,
    cost: (self: unknown, given: readonly unknown[], made: unknown) => number,
  ) => {
    const before = Object.getOwnPropertyDescriptor(owner, name)
    const method = before?.value as Method | undefined
    if (before === undefined || typeof method !== 'function') return
    Object.defineProperty(owner, name, {
      ...before,
      value(this: unknown, ...given: unknown[]) {
        const made = method.apply(this, given)
        count += cost(this, given, made)
        return made
      },
    })
    undo.push(() => Object.defineProperty(owner, name, before))
  }
  const lengthOfFirst = (_: unknown, [text]: readonly unknown[]): number => lengthOf(text)
  for (const [name, cost] of Object.entries(ofStrings))
    watch(String.prototype, name, (self, given, made) => cost(self as string, given, made))
  for (const name of ['exec', 'test'])
    watch(RegExp.prototype, name, (self, [text], made) =>
      (self as RegExp).sticky && made === true ? (self as RegExp).lastIndex : ofPattern(text as string, [], made),
    )
  for (const name of ['exec', 'test', 'match']) watch(re2().prototype, name, lengthOfFirst)
  for (const name of ['write', 'latin1Write', 'utf8Write', 'ucs2Write', 'asciiWrite'])
    watch(Buffer.prototype, name, lengthOfFirst)
  watch(Buffer, 'from', lengthOfFirst)
  watch(Buffer, 'byteLength', lengthOfFirst)
  try {
    work()
  } finally {
    for (const restore of undo) restore()
  }
  return count
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' || Buffer.isBuffer(text) ? text.length : 0
}
