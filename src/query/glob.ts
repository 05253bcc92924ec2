import type { Glob } from './ast.ts'

/** A pattern as code points of the folded text, with wildcards. */
type Item = number | '*' | '?'

export function hasWildcard(glob: Glob): boolean {
  return glob.some((part) => typeof part === 'object')
}

/** The text of a pattern without wildcards. */
export function literalText(glob: Glob): string {
  return glob.filter((part) => typeof part === 'string').join('')
}

/**
 * Text without case: the simple lower-case mapping of each code point by itself, which SQL engines have too (no final
 * sigma, and U+0130 is "i").
 */
export function fold(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  let folded = ''
  for (const character of text) folded += character === '\u0130' ? 'i' : character.toLowerCase()
  return folded
}

/** Whether a whole text is of the shape, case ignored: `*` is any run of characters, `?` one code point. */
export function createGlobMatcher(glob: Glob): (text: string) => boolean {
  const items = itemsOf(glob)
  return (text) => simulate(items, fold(text), { anchored: true })
}

/**
 * Whether the pattern occurs in a text as whole words, case ignored. Word characters are ASCII letters, digits, `_` and
 * everything beyond ASCII. Before a pattern that begins with a word character or `?`, and behind one that ends with
 * one, no word character may stand; a `*` at an end lifts that. Inside, `*` is any run without spaces and `?` one code
 * point that is no space.
 */
export function createWordMatcher(glob: Glob): (text: string) => boolean {
  const items = itemsOf(glob)
  return (text) => simulate(items, fold(text), { anchored: false })
}

/** The same as an RE2 pattern over folded text, for SQL engines. */
export function wordPattern(glob: Glob): string {
  const items = itemsOf(glob)
  const body = items.map((item) =>
    item === '*' ? '[^\\t\\n\\f\\r ]*' : item === '?' ? '[^\\t\\n\\f\\r ]' : `\\x{${item.toString(16)}}`,
  )
  const before = boundedBy(items[0]) ? '(?:^|[^0-9A-Za-z_\\x{80}-\\x{10FFFF}])' : ''
  const behind = boundedBy(items.at(-1)) ? '(?:$|[^0-9A-Za-z_\\x{80}-\\x{10FFFF}])' : ''
  return `${before}${body.join('')}${behind}`
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false
  return true
}

function itemsOf(glob: Glob): readonly Item[] {
  return glob.flatMap((part): Item[] =>
    typeof part === 'string' ? Array.from(fold(part), (character) => character.codePointAt(0)!) : [part.wildcard],
  )
}

function isWordCharacter(code: number): boolean {
  return (
    code > 127 || code === 95 || (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
  )
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 12 || code === 13
}

function boundedBy(item: Item | undefined): boolean {
  return item !== undefined && item !== '*' && (item === '?' || isWordCharacter(item))
}

function countStars(items: readonly Item[]): number {
  let count = 0
  for (const item of items) if (item === '*') count++
  return count
}

/** Follows all ways to match at once, so that no pattern costs more than its length times the text's. */
function simulate(items: readonly Item[], text: string, { anchored }: { anchored: boolean }): boolean {
  if (items.length - countStars(items) > text.length) return false
  const needsStart = boundedBy(items[0])
  const needsEnd = boundedBy(items.at(-1))
  let active = new Uint8Array(items.length + 1)
  let next = new Uint8Array(items.length + 1)
  let previousIsWord = false
  let at = 0
  for (;;) {
    const code = text.codePointAt(at)
    if (anchored ? at === 0 : !(needsStart && previousIsWord)) active[0] = 1
    for (let k = 0; k < items.length; k++) if (active[k] === 1 && items[k] === '*') active[k + 1] = 1
    const mayEnd = code === undefined || (!anchored && !(needsEnd && isWordCharacter(code)))
    if (mayEnd && active[items.length] === 1) return true
    if (code === undefined) return false
    const wild = anchored || !isSpace(code)
    next.fill(0)
    for (let k = 0; k < items.length; k++) {
      if (active[k] !== 1) continue
      const item = items[k]
      if (item === '*') next[k] = wild ? 1 : next[k]!
      else if (item === '?' ? wild : item === code) next[k + 1] = 1
    }
    ;[active, next] = [next, active]
    previousIsWord = isWordCharacter(code)
    at += code > 0xffff ? 2 : 1
  }
}
