import { BEYOND_ASCII, foldedUnit } from './char-set.ts'

/**
 * A set of characters as the bits of a word, so that an OR over a text tells what occurs in it. Most marks have a bit of
 * their own; letters, digits, controls, all beyond ASCII, and marks that come in pairs have one in common. A set may
 * therefore hold more than was put in: enough to say that something cannot be, never that it is.
 */
export type CharacterMask = number

export const noCharacters: CharacterMask = 0

const shared: readonly string[] = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789',
  '()',
  '<>',
  '[]',
  '{}',
  '^`~',
  ...Array.from(' !"#$%&\'*+,-./:;=?@\\_|'),
  '\0',
]

/** Bits by unit, `BEYOND_ASCII` standing for all that is beyond. Read by every scan. */
export const bitsOf: Int32Array = new Int32Array(BEYOND_ASCII + 1)
for (let unit = 0; unit <= BEYOND_ASCII; unit += 1) bitsOf[unit] = 1 << placeOf(foldedUnit(unit))

function placeOf(unit: number): number {
  const place = shared.findIndex((characters) => characters.includes(String.fromCharCode(unit)))
  if (place >= 0) return place
  return unit < BEYOND_ASCII ? shared.length : shared.length + 1
}

/** The mask of these characters. */
export function maskOf(characters: Iterable<string>): CharacterMask {
  let mask = noCharacters
  for (const character of characters) mask |= bitsOf[foldedUnit(character.charCodeAt(0))] ?? 0
  return mask
}

/** Whether of each of the sets a character occurs. */
export function allOccur(wanted: readonly CharacterMask[], seen: CharacterMask): boolean {
  for (const mask of wanted) if ((mask & seen) === 0) return false
  return true
}

/** How often a character's bit is set by ordinary values, roughly, as a share of them. Only speed depends on it. */
function share(character: string): number {
  if (/[a-z]/.test(character)) return 1
  if (/[0-9 ]/.test(character)) return 0.7
  return '.-_/:,=&'.includes(character) ? 0.3 : 0.03
}

/** Covers by texts and what was kept apart: the addresses of a plan ask for the same ones. */
const covers = new WeakMap<readonly string[], Map<string, CharacterMask | undefined>>()

/**
 * Few and rare characters of which one occurs wherever one of the texts does; `apart` are never chosen. Undefined when
 * there are none that are worth looking for.
 */
export function coverOf(texts: readonly string[], apart: string = ''): CharacterMask | undefined {
  let known = covers.get(texts)
  if (known === undefined) covers.set(texts, (known = new Map()))
  if (!known.has(apart)) known.set(apart, findCover(texts, apart))
  return known.get(apart)
}

function findCover(texts: readonly string[], apart: string): CharacterMask | undefined {
  let mask = noCharacters
  let open = texts.map((text) => new Set(Array.from(text).filter((character) => !apart.includes(character))))
  while (open.length > 0) {
    const counts = new Map<string, number>()
    for (const characters of open) for (const one of characters) counts.set(one, (counts.get(one) ?? 0) + 1)
    let best: string | undefined
    let bestCost = Infinity
    for (const [character, count] of counts) {
      const cost = share(character) / count
      if (cost < bestCost) [best, bestCost] = [character, cost]
    }
    if (best === undefined) return undefined
    const chosen = maskOf(best)
    if ((chosen & letters) !== 0) return undefined
    mask |= chosen
    open = open.filter((characters) => (maskOf(characters) & chosen) === 0)
  }
  return mask
}

const letters = maskOf('a')
