import type { Transformer } from '../transformer.ts'

/** Look-alikes of ASCII punctuation beyond what compatibility decomposition knows. */
const lookAlikes: readonly (readonly [ascii: string, characters: string])[] = [
  ["'", '\u02bc\u02c8\u2018\u2019'],
  ['^', '\u02c4\u02c6\u2038\u2303'],
  ['`', '\u02cb'],
  ['_', '\u02cd\u203f\u2040\u2054'],
  ['<', '\u2039\u2329\u3008'],
  ['>', '\u203a\u232a\u3009'],
  ['/', '\u2044\u2215'],
  ['-', '\u2212'],
  ['\\', '\u2216'],
  ['|', '\u2223'],
  [':', '\u2236'],
  ['~', '\u223c'],
]
const lumped: ReadonlyMap<string, string> = new Map(
  lookAlikes.flatMap(([ascii, characters]) => Array.from(characters, (character) => [character, ascii] as const)),
)

/** Distinct characters remembered; ordinary text of one script stays well below. */
const maxRemembered = 4096
const remembered = new Map<string, string>()

/**
 * `unicode_normalize`: compatibility decomposition of every character outside ASCII, without marks and ignorables,
 * with look-alikes of ASCII punctuation made ASCII and tag characters (U+E0001, U+E0020..U+E007F) made the characters they hide.
 * Letters that decompose keep the case of what they come from: `K` for U+212A, `i` for U+0131, `ss` for U+00DF.
 */
export const unicodeNormalize: Transformer<'unicode_normalize'> = {
  name: 'unicode_normalize',
  aliases: [],
  triggers: '\u0080',
  apply: (value) =>
    /[\u0080-\uffff]/.test(value) ? value.replace(/[\u{80}-\u{10ffff}]/gu, normalizeCharacter) : undefined,
}

function normalizeCharacter(character: string): string {
  const known = remembered.get(character)
  if (known !== undefined) return known
  const normal = decompose(character)
  if (remembered.size >= maxRemembered) remembered.clear()
  remembered.set(character, normal)
  return normal
}

function decompose(character: string): string {
  const point = character.codePointAt(0) ?? 0
  if (point >= 0xd800 && point <= 0xdfff) return '\ufffd'
  if (point === 0xe0001 || (point >= 0xe0020 && point <= 0xe007f)) return String.fromCharCode(point - 0xe0000)
  const folded = fold(strip(fold(strip(character))))
  const plain = strip(isCapital(character) ? folded.toUpperCase() : folded)
  return plain.replace(/[\u{80}-\u{10ffff}]/gu, lump)
}

/** A capital with a small form; styled capitals such as U+2102 have none and come out small. */
function isCapital(character: string): boolean {
  return /^\p{Lu}/u.test(character) && character.toLowerCase() !== character
}

/** Marks, characters that show nothing, and code points that no version of Unicode has given a meaning. */
function strip(text: string): string {
  return text.replace(/[\p{M}\p{Default_Ignorable_Code_Point}\p{Cn}]/gu, '')
}

/** Full case folding; going through upper case opens up letters such as U+00DF. */
function fold(text: string): string {
  return text.toUpperCase().toLowerCase().normalize('NFKD')
}

function lump(character: string): string {
  if (/\p{Zs}/u.test(character)) return ' '
  if (/\p{Pd}/u.test(character)) return '-'
  return lumped.get(character) ?? character
}
