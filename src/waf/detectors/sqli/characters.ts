/** What a character can begin, where a token is expected. */
export const CharClass = {
  word: 0,
  white: 1,
  digit: 2,
  quote: 3,
  /** A token of its own whose class is the character: ( ) { } , ; */
  itself: 4,
  operator: 5,
  /** An operator that may have a second character: <= || :: */
  pairOperator: 6,
  other: 7,
  /** Reads on in a way of its own: comments, variables, brackets, prefixed strings. */
  special: 8,
} as const

const wordEnds = new Uint8Array(256)
for (const character of ' []{}<>:\\?=@!#~+-*/&|^%(),\';\t\n\v\f\r"\0\u00a0') wordEnds[character.charCodeAt(0)] = 1

const classes = new Uint8Array(256)
for (let code = 0; code <= 0x20; code += 1) classes[code] = CharClass.white
classes[0x7f] = CharClass.white
classes[0xa0] = CharClass.white
for (const character of '.0123456789') classes[character.charCodeAt(0)] = CharClass.digit
for (const character of '"\'') classes[character.charCodeAt(0)] = CharClass.quote
for (const character of '(){},;') classes[character.charCodeAt(0)] = CharClass.itself
for (const character of '%+^~') classes[character.charCodeAt(0)] = CharClass.operator
for (const character of '!&*:<=>|') classes[character.charCodeAt(0)] = CharClass.pairOperator
for (const character of '?]') classes[character.charCodeAt(0)] = CharClass.other
for (const character of '#$-/@[\\`bBeEnNqQuUxX') classes[character.charCodeAt(0)] = CharClass.special

export function classOf(code: number): number {
  return classes[code] ?? CharClass.word
}

/** Whether a word ends before this character. */
export function endsWord(code: number): boolean {
  return wordEnds[code] === 1
}
