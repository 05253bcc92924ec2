/** Schemes that run a script or show one; a prefix is enough, since browsers are as lenient. */
const schemes = ['DATA', 'VIEW-SOURCE', 'VBSCRIPT', 'JAVA']

/** Longest prefix that is decoded to compare it with the schemes, in decoded characters. */
const longestScheme = 11

/**
 * Whether an address begins with the scheme of a script, read as browsers do: control characters and others beyond
 * ASCII before it are skipped, nulls and line feeds inside it, and character references are decoded.
 */
export function isScriptAddress(text: string, start: number, end: number): boolean {
  let at = start
  while (at < end && isSkipped(text.charCodeAt(at))) at += 1
  const head = decodeHead(text, at, end)
  return schemes.some((scheme) => head.startsWith(scheme))
}

function isSkipped(code: number): boolean {
  return code <= 0x20 || code >= 0x7f
}

function decodeHead(text: string, start: number, end: number): string {
  let head = ''
  let at = start
  while (at < end && head.length < longestScheme) {
    const reference = text.charCodeAt(at) === 0x26 ? readReference(text, at, end) : undefined
    const code = reference?.code ?? text.charCodeAt(at)
    at = reference?.end ?? at + 1
    // Leading skipped characters may be written as references too.
    if (head === '' && code <= 0x20) continue
    if (code !== 0 && code !== 0x0a) head += String.fromCodePoint(code).toUpperCase()
  }
  return head
}

/** Largest code that a character reference is followed to; later digits are no longer part of a scheme's letter. */
const largestCode = 0x1000ff

/** `&#106;` or `&#x6a;`, the semicolon optional; undefined for any other ampersand. */
function readReference(text: string, start: number, end: number): { code: number; end: number } | undefined {
  if (text.charCodeAt(start + 1) !== 0x23) return undefined
  const hexadecimal = (text.charCodeAt(start + 2) | 0x20) === 0x78
  const radix = hexadecimal ? 16 : 10
  let at = start + (hexadecimal ? 3 : 2)
  const digits = at
  let code = 0
  for (; at < end; at += 1) {
    const digit = Number.parseInt(text.charAt(at), radix)
    if (Number.isNaN(digit)) break
    code = code * radix + digit
    if (code > largestCode) return undefined
  }
  if (at === digits) return undefined
  return { code, end: text.charCodeAt(at) === 0x3b && at < end ? at + 1 : at }
}
