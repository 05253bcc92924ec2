import { longShapes, shortShapes } from './shapes.ts'
import { TokenType } from './token.ts'

/** Slots of the table: a power of two, about three times the number of shapes; 32 kB. */
const slots = 8192
const table = new Uint32Array(slots)
const short = new Set(shortShapes)
const long: string[] = []

/** Numbers of the classes, five bits; types and words that begin a statement share one. */
const classNumber = new Uint8Array(128)
for (const [index, letters] of ['V', 'Tt'].concat('1svnkUBEfo&c(){},.:;A\\?'.split('')).entries()) {
  for (const letter of letters) classNumber[letter.charCodeAt(0)] = index + 1
}
const anyValue = classNumber['V'.charCodeAt(0)] ?? 0

for (const row of longShapes.trim().split('\n')) addRow(row.trim())
for (const shape of long) add(shape)

function addRow(row: string): void {
  const [prefixes = '', groups = ''] = row.split(' | ')
  for (const prefix of prefixes.split(' ')) {
    for (const group of groups.split(' ')) {
      const [fourths = '', fifths = ''] = group.split('>')
      for (const fourth of fourths) for (const fifth of fifths) long.push(prefix + fourth + fifth.replace('.', ''))
    }
  }
}

function add(shape: string): void {
  const key = keyOf(shape)
  let slot = slotOf(key)
  while (table[slot] !== 0) slot = (slot + 1) & (slots - 1)
  table[slot] = key
}

/** Every shape, with `V` for any value. */
export function allShapes(): readonly string[] {
  return [...short, ...long]
}

/** Whether tokens of these classes, at most five, are the shape of an injection. */
export function isShape(fingerprint: string): boolean {
  if (fingerprint.length < 4) return short.has(fingerprint)
  const key = generalKeyOf(fingerprint)
  let slot = slotOf(key)
  for (let held = table[slot] ?? 0; held !== 0; held = table[slot] ?? 0) {
    if (held === key) return true
    slot = (slot + 1) & (slots - 1)
  }
  return false
}

// The first class in the highest place; 0 stands for none, so lengths stay apart.
function keyOf(shape: string): number {
  let key = 0
  for (let index = 0; index < shape.length; index += 1) key = (key << 5) | (classNumber[shape.charCodeAt(index)] ?? 0)
  return key
}

/**
 * The key under which a fingerprint is listed: a value counts as any value unless it stands beside another one, where
 * text differs from SQL by which two meet, or is a number after a parenthesis or COLLATE: text calls with numbers.
 */
function generalKeyOf(fingerprint: string): number {
  let key = 0
  for (let index = 0; index < fingerprint.length; index += 1) {
    const code = fingerprint.charCodeAt(index)
    const kept = !isValue(code) || isValueKept(fingerprint, index, code)
    key = (key << 5) | (kept ? (classNumber[code] ?? 0) : anyValue)
  }
  return key
}

function isValueKept(fingerprint: string, index: number, code: number): boolean {
  const before = fingerprint.charCodeAt(index - 1)
  const called = code === TokenType.number && (before === TokenType.open || before === TokenType.collate)
  return called || isValue(before) || isValue(fingerprint.charCodeAt(index + 1))
}

function isValue(code: number): boolean {
  return code === TokenType.number || code === TokenType.string || code === TokenType.variable
}

function slotOf(key: number): number {
  return (Math.imul(key, 0x9e3779b1) >>> 19) & (slots - 1)
}
