/** Readers that only go forward: whatever a text holds, each of its characters is read once. All return where they stopped. */

/** Behind the characters of a kind. */
export function skipWhile(text: string, from: number, isOfKind: (code: number) => boolean): number {
  let at = from
  while (at < text.length && isOfKind(text.charCodeAt(at))) at += 1
  return at
}

/** Behind the mark, or at the end of the text when it does not come. */
export function skipPast(text: string, from: number, mark: string): number {
  const at = text.indexOf(mark, from)
  return at === -1 ? text.length : at + mark.length
}

/**
 * Behind the quote that closes what the quote at `from` opens; doubled quotes, and with `backslashes` escaped ones, are
 * part of it. The end of the text when nothing closes it.
 */
export function skipQuoted(text: string, from: number, backslashes: boolean): number {
  const quote = text.charCodeAt(from)
  let at = from + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      if (text.charCodeAt(at + 1) !== quote) return at + 1
      at += 2
    } else {
      at += backslashes && code === 0x5c ? 2 : 1
    }
  }
  return text.length
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** A to Z in either case. */
export function isLetter(code: number): boolean {
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

export function isHexDigit(code: number): boolean {
  const lower = code | 0x20
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66)
}

/** White space, no-break and other wide spaces included. */
export function isWhite(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0xa0 && wideSpaces.has(code))
}

const wideSpaces: ReadonlySet<number> = new Set([
  0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029,
  0x202f, 0x205f, 0x3000, 0xfeff,
])
