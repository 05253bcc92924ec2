/** A part of a command line. Only commands and redirections are what an injection is after. */
export interface ShellToken {
  readonly kind: 'command' | 'redirection' | 'other'
  readonly start: number
  readonly end: number
}

/**
 * Splits a command line of a POSIX shell. The first word of every simple command is a command, reserved words
 * included; substitutions are read inside double quotes too. Escapes outside quotes and comments are not honoured: what
 * a shell would skip may still have been meant to run. Linear in the text.
 */
export function tokenizeShell(text: string): ShellToken[] {
  const reader = new ShellReader(text)
  while (reader.readToken()) continue
  return reader.tokens
}

/** Nested places: inside `$(`, backticks, or double quotes that hold a substitution. */
type Place = ')' | '`' | '"'

const redirection = /[0-9]*(?:<<<|<<-?|<>|>\||>>|[<>]&[0-9-]?|&>>?|[<>])/y
const control = /&&|\|\||\|&|[;|&\n]/y
const variable = /\$(?:\{[^}]*\}?|[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])?/y
const assignment = /[A-Za-z_][A-Za-z0-9_]*\+?=/y
const word = /[^\s"'`$(){}[\];|&<>=]+/y
const blank = /[^\S\n]+/y
const quotedText = /[^"\\$`]+|\\[^]?|\$(?!\()/y

class ShellReader {
  readonly tokens: ShellToken[] = []
  readonly #text: string
  readonly #places: Place[] = []
  /** How many of each place are open: counted, since a text may open very many. */
  readonly #open: Record<Place, number> = { ')': 0, '`': 0, '"': 0 }
  #at = 0
  /** Whether the next word is the first of a simple command. */
  #atCommand = true

  constructor(text: string) {
    this.#text = text
  }

  readToken(): boolean {
    if (this.#places.at(-1) === '"') {
      this.#take(quotedText)
      if (this.#text.charCodeAt(this.#at) === 0x5c) return this.#skip()
    } else {
      this.#take(blank)
    }
    if (this.#at >= this.#text.length) return false
    const character = this.#text.charAt(this.#at)
    const inQuotes = this.#places.at(-1) === '"'
    if (character === '"') return inQuotes ? this.#leave(1) : this.#readDoubleQuote()
    if (character === '`') return this.#open['`'] > 0 ? this.#leaveTo('`') : this.#enter('`', 1)
    if (character === '$') return this.#readDollar(inQuotes)
    return inQuotes ? this.#skip() : this.#readPlain(character)
  }

  #readPlain(character: string): boolean {
    if (character === "'") return this.#pushQuoted("'", this.#endOf("'", this.#at + 1))
    if (character === '(') return this.#readOpen()
    if (character === ')') return this.#open[')'] > 0 ? this.#leaveTo(')') : this.#pushOther(1, this.#atCommand)
    if (character === '{' || character === '}' || character === '=') {
      return this.#pushOther(1, this.#atCommand)
    }
    if (character === '!' && this.#atCommand) return this.#pushOther(1, true)
    const afterRedirection = this.#match(redirection)
    if (afterRedirection !== undefined) return this.#readRedirection(afterRedirection)
    const afterControl = this.#match(control)
    if (afterControl !== undefined) return this.#pushOther(afterControl - this.#at, true)
    const afterName = this.#atCommand ? this.#match(assignment) : undefined
    if (afterName !== undefined) return this.#readAssignment(afterName)
    return this.#pushWord(this.#match(word) ?? this.#at + 1)
  }

  #readDoubleQuote(): boolean {
    const end = this.#quoteEnd(this.#at + 1)
    const body = this.#text.slice(this.#at + 1, end)
    if (!/\$\(|`/.test(body)) return this.#pushQuoted('"', end)
    this.#pushPlace('"')
    return this.#pushOther(1, false)
  }

  /** Behind the closing quote; a backslash escapes it. */
  #quoteEnd(from: number): number {
    let at = from
    while (at < this.#text.length && this.#text.charAt(at) !== '"') at += this.#text.charAt(at) === '\\' ? 2 : 1
    return Math.min(at + 1, this.#text.length)
  }

  #readDollar(inQuotes: boolean): boolean {
    if (this.#text.startsWith('$((', this.#at))
      return this.#pushOther(this.#endOf('))', this.#at + 3) - this.#at, false)
    if (this.#text.startsWith('$(', this.#at)) return this.#enter(')', 2)
    const end = this.#match(variable) ?? this.#at + 1
    return inQuotes ? this.#pushOther(end - this.#at, false) : this.#pushWord(end)
  }

  #readOpen(): boolean {
    if (this.#text.startsWith('((', this.#at)) {
      return this.#pushOther(this.#endOf('))', this.#at + 2) - this.#at, false)
    }
    return this.#enter(')', 1)
  }

  #readRedirection(end: number): boolean {
    // <(command) and >(command) stand for a file.
    const last = this.#text.charAt(end - 1)
    if ((last === '<' || last === '>') && end - this.#at === 1 && this.#text.charAt(end) === '(')
      return this.#enter(')', 2)
    this.tokens.push({ kind: 'redirection', start: this.#at, end })
    this.#at = end
    return true
  }

  #readAssignment(end: number): boolean {
    this.#pushOther(end - this.#at, true)
    const value = this.#match(word)
    if (value !== undefined) this.#pushOther(value - this.#at, true)
    return true
  }

  #enter(place: Place, length: number): boolean {
    this.#pushPlace(place)
    return this.#pushOther(length, true)
  }

  #pushPlace(place: Place): void {
    this.#places.push(place)
    this.#open[place] += 1
  }

  #popPlace(): void {
    const place = this.#places.pop()
    if (place !== undefined) this.#open[place] -= 1
  }

  #leave(length: number): boolean {
    this.#popPlace()
    return this.#pushOther(length, false)
  }

  #leaveTo(place: Place): boolean {
    while (this.#places.length > 0 && this.#places.at(-1) !== place) this.#popPlace()
    return this.#leave(1)
  }

  // A quote that is never closed is waited for, not run.
  #pushQuoted(quote: string, end: number): boolean {
    const closed = end - this.#at > 1 && this.#text.charAt(end - 1) === quote
    return closed ? this.#pushWord(end) : this.#pushOther(end - this.#at, false)
  }

  #pushWord(end: number): boolean {
    this.tokens.push({ kind: this.#atCommand ? 'command' : 'other', start: this.#at, end })
    this.#at = end
    this.#atCommand = false
    return true
  }

  #pushOther(length: number, atCommand: boolean): boolean {
    this.tokens.push({ kind: 'other', start: this.#at, end: this.#at + length })
    this.#at += length
    this.#atCommand = atCommand
    return true
  }

  #skip(): boolean {
    this.#at += 1
    return true
  }

  #take(pattern: RegExp): void {
    this.#at = this.#match(pattern) ?? this.#at
  }

  #match(pattern: RegExp): number | undefined {
    pattern.lastIndex = this.#at
    return pattern.test(this.#text) ? pattern.lastIndex : undefined
  }

  #endOf(mark: string, from: number): number {
    const at = this.#text.indexOf(mark, from)
    return at === -1 ? this.#text.length : at + mark.length
  }
}
