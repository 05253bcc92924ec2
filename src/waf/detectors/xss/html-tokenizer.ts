/**
 * Reads a text as a browser would from one of five places: between tags, inside one, or inside an attribute value that
 * was opened by one of three quotes. Follows the tokenizer of the HTML standard, with three of its liberties that
 * browsers had: tags may begin with a null, a tick quotes a value, `<%` begins a comment.
 */
export type Place = 'text' | 'tag' | "'" | '"' | '`'

/** Receives what is read; a true answer ends the reading. Positions delimit the part in the text. */
export interface HtmlVisitor {
  tag(text: string, start: number, end: number): boolean
  attribute(text: string, start: number, end: number): void
  value(text: string, start: number, end: number): boolean
  comment(text: string, start: number, end: number): boolean
  doctype(): boolean
}

/** Reads the whole text once, in linear time; whether the visitor ended it. */
export function readHtml(text: string, place: Place, visitor: HtmlVisitor): boolean {
  let at = 0
  if (place === 'tag') at = readAttributes(text, 0, visitor)
  else if (place !== 'text') at = readAttributes(text, quotedEnd(text, 0, place) + 1, visitor)
  while (at >= 0) {
    const open = text.indexOf('<', at)
    if (open === -1 || open + 1 >= text.length) return false
    at = readMarkup(text, open + 1, visitor)
  }
  return at === found
}

/** What a reader returns instead of the position where text goes on. */
const found = -1
const ended = -2

/** Behind a `<`. */
function readMarkup(text: string, at: number, visitor: HtmlVisitor): number {
  switch (text.charCodeAt(at)) {
    case 0x21:
      return readDeclaration(text, at + 1, visitor)
    case 0x2f:
      return readEndTag(text, at + 1, visitor)
    case 0x3f:
      return readUntil(text, at + 1, '>', visitor)
    case 0x25:
      return readUntil(text, at + 1, '%>', visitor)
    default:
      return isTagStart(text.charCodeAt(at)) ? readTag(text, at, false, visitor) : at
  }
}

function readEndTag(text: string, at: number, visitor: HtmlVisitor): number {
  if (at >= text.length) return ended
  const code = text.charCodeAt(at)
  if (code === 0x3e) return at + 1
  return isTagStart(code) && code !== 0 ? readTag(text, at, true, visitor) : readUntil(text, at, '>', visitor)
}

function readTag(text: string, start: number, closing: boolean, visitor: HtmlVisitor): number {
  let end = start
  while (end < text.length && !endsTagName(text.charCodeAt(end))) end += 1
  // The end tag of nothing dangerous; one with attributes or without an end is read like a tag.
  if (closing && text.charCodeAt(end) === 0x3e) return end + 1
  return visitor.tag(text, start, end) ? found : readAttributes(text, end, visitor)
}

/** From behind a tag's name or an attribute's value to behind the tag. */
function readAttributes(text: string, from: number, visitor: HtmlVisitor): number {
  let at = from
  for (;;) {
    while (at < text.length && (isWhite(text.charCodeAt(at)) || text.charCodeAt(at) === 0x2f)) at += 1
    if (at >= text.length) return ended
    if (text.charCodeAt(at) === 0x3e) return at + 1
    const start = at
    // The first character belongs to the name whatever it is, even "=".
    for (at += 1; at < text.length && !endsAttributeName(text.charCodeAt(at));) at += 1
    visitor.attribute(text, start, at)
    while (at < text.length && isWhite(text.charCodeAt(at))) at += 1
    if (text.charCodeAt(at) !== 0x3d) continue
    for (at += 1; at < text.length && isWhite(text.charCodeAt(at));) at += 1
    if (at >= text.length) return ended
    const quote = text.charAt(at)
    if (quote === '"' || quote === "'" || quote === '`') {
      const end = quotedEnd(text, at + 1, quote)
      if (visitor.value(text, at + 1, end)) return found
      at = end + 1
    } else {
      const end = unquotedEnd(text, at)
      if (visitor.value(text, at, end)) return found
      at = end
    }
  }
}

/** `<!`: a doctype, a comment, character data, or whatever else up to `>`. */
function readDeclaration(text: string, at: number, visitor: HtmlVisitor): number {
  if (text.slice(at, at + 7).toUpperCase() === 'DOCTYPE') {
    if (visitor.doctype()) return found
    return after(text, '>', at)
  }
  if (text.startsWith('[CDATA[', at)) return after(text, ']]>', at + 7)
  return text.startsWith('--', at) ? readComment(text, at + 2, visitor) : readUntil(text, at, '>', visitor)
}

function after(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from)
  return end === -1 ? ended : end + mark.length
}

function readUntil(text: string, start: number, mark: string, visitor: HtmlVisitor): number {
  const end = text.indexOf(mark, start)
  if (visitor.comment(text, start, end === -1 ? text.length : end)) return found
  return end === -1 ? ended : end + mark.length
}

const commentEnd = /-\0*[-!]>/g

function readComment(text: string, start: number, visitor: HtmlVisitor): number {
  commentEnd.lastIndex = start
  const match = commentEnd.exec(text)
  if (visitor.comment(text, start, match?.index ?? text.length)) return found
  return match === null ? ended : commentEnd.lastIndex
}

function quotedEnd(text: string, from: number, quote: string): number {
  const end = text.indexOf(quote, from)
  return end === -1 ? text.length : end
}

function unquotedEnd(text: string, from: number): number {
  let end = from
  while (end < text.length && !isWhite(text.charCodeAt(end)) && text.charCodeAt(end) !== 0x3e) end += 1
  return end
}

function endsTagName(code: number): boolean {
  return code === 0x3e || code === 0x2f || (isWhite(code) && code !== 0)
}

function endsAttributeName(code: number): boolean {
  return code === 0x3d || code === 0x3e || code === 0x2f || isWhite(code)
}

function isTagStart(code: number): boolean {
  const lower = code | 0x20
  return code === 0 || (lower >= 0x61 && lower <= 0x7a)
}

// Browsers skip nulls like white space between the parts of a tag.
function isWhite(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0
}
