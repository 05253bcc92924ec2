import { isDigit, isLetter, isWhite, skipPast, skipWhile } from '../skip.ts'

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

const redirections = ['<<<', '<<-', '<<', '<>', '>|', '>>', '&>>', '&>']
const controls = ['&&', '||', '|&', ';', '|', '&', '\n']

class ShellReader {
  readonly tokens: ShellToken[] = []
  readonly #text: string
  readonly #places: Place[] = []
  /** How many of each place are open: counted, since a text may open very many. */
  readonly #open: Record<Place, number> = { ')': 0, '`': 0, '"': 0 }
  #at = 0
  #quoteEnds: Int32Array | undefined
  #dollar = -1
  #tick = -1
  /** Whether the next word is the first of a simple command. */
  #atCommand = true

  constructor(text: string) {
    this.#text = text
  }

  readToken(): boolean {
    if (this.#places.at(-1) === '"') {
      const quoted = this.#endOfQuotedText()
      this.#at = quoted
      if (this.#text.charCodeAt(quoted) === 0x5c) return this.#skip()
    } else {
      this.#at = skipWhile(this.#text, this.#at, isBlank)
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
    if (character === "'") return this.#pushQuoted("'", skipPast(this.#text, this.#at + 1, "'"))
    if (character === '(') return this.#readOpen()
    if (character === ')') return this.#open[')'] > 0 ? this.#leaveTo(')') : this.#pushOther(1, this.#atCommand)
    if (character === '{' || character === '}' || character === '=') {
      return this.#pushOther(1, this.#atCommand)
    }
    if (character === '!' && this.#atCommand) return this.#pushOther(1, true)
    const afterRedirection = this.#endOfRedirection()
    if (afterRedirection !== undefined) return this.#readRedirection(afterRedirection)
    const control = controls.find((one) => this.#text.startsWith(one, this.#at))
    if (control !== undefined) return this.#pushOther(control.length, true)
    const afterName = this.#atCommand ? this.#endOfAssignment() : undefined
    if (afterName !== undefined) return this.#readAssignment(afterName)
    return this.#pushWord(Math.max(skipWhile(this.#text, this.#at, isOfWord), this.#at + 1))
  }

  #readDoubleQuote(): boolean {
    const end = this.#quoteEnd(this.#at + 1)
    if (this.#nextSubstitution(this.#at + 1) >= end) return this.#pushQuoted('"', end)
    this.#pushPlace('"')
    return this.#pushOther(1, false)
  }

  /** Behind the closing quote; a backslash escapes it. Worked out for every position at once, since many may ask. */
  #quoteEnd(from: number): number {
    if (this.#quoteEnds === undefined) {
      const ends = new Int32Array(this.#text.length + 2).fill(this.#text.length)
      for (let at = this.#text.length - 1; at >= 0; at -= 1) {
        const code = this.#text.charCodeAt(at)
        ends[at] = code === 0x22 ? at + 1 : (ends[code === 0x5c ? at + 2 : at + 1] ?? 0)
      }
      this.#quoteEnds = ends
    }
    return this.#quoteEnds[from] ?? this.#text.length
  }

  /** Where the next `$(` or backtick stands. */
  #nextSubstitution(from: number): number {
    this.#dollar = this.#next('$(', this.#dollar, from)
    this.#tick = this.#next('`', this.#tick, from)
    return Math.min(this.#dollar, this.#tick)
  }

  /** Where a mark stands next; asked with growing positions, so that the text is looked through once. */
  #next(mark: string, known: number, from: number): number {
    if (known >= from) return known
    const at = this.#text.indexOf(mark, from)
    return at === -1 ? this.#text.length : at
  }

  /** Behind what double quotes hold up to a substitution, a backslash or the closing quote, or behind one escape. */
  #endOfQuotedText(): number {
    const end = skipWhile(this.#text, this.#at, isQuotedText)
    if (end > this.#at) return end
    const code = this.#text.charCodeAt(end)
    if (code === 0x5c) return Math.min(end + 2, this.#text.length)
    return code === 0x24 && this.#text.charCodeAt(end + 1) !== 0x28 ? end + 1 : end
  }

  /** A redirection, with the number of the file before it. */
  #endOfRedirection(): number | undefined {
    const at = skipWhile(this.#text, this.#at, isDigit)
    const code = this.#text.charCodeAt(at)
    if (code !== 0x3c && code !== 0x3e && code !== 0x26) return undefined
    const long = redirections.find((one) => this.#text.startsWith(one, at))
    if (long !== undefined) return at + long.length
    if (code === 0x26) return undefined
    if (this.#text.charCodeAt(at + 1) !== 0x26) return at + 1
    const target = this.#text.charCodeAt(at + 2)
    return isDigit(target) || target === 0x2d ? at + 3 : at + 2
  }

  /** `name=` or `name+=`. */
  #endOfAssignment(): number | undefined {
    const end = this.#endOfName(this.#at)
    if (end === this.#at) return undefined
    const equals = this.#text.charCodeAt(end) === 0x2b ? end + 1 : end
    return this.#text.charCodeAt(equals) === 0x3d ? equals + 1 : undefined
  }

  #endOfName(from: number): number {
    const first = this.#text.charCodeAt(from)
    return isLetter(first) || first === 0x5f ? skipWhile(this.#text, from + 1, isOfName) : from
  }

  /** `$name`, `${...}`, `$1`, `$?` and their like; a dollar sign by itself. */
  #endOfVariable(): number {
    const from = this.#at + 1
    if (this.#text.charCodeAt(from) === 0x7b) return skipPast(this.#text, from + 1, '}')
    const name = this.#endOfName(from)
    if (name > from) return name
    return from < this.#text.length && '0123456789@*#?$!-'.includes(this.#text.charAt(from)) ? from + 1 : from
  }

  #readDollar(inQuotes: boolean): boolean {
    if (this.#text.startsWith('$((', this.#at))
      return this.#pushOther(skipPast(this.#text, this.#at + 3, '))') - this.#at, false)
    if (this.#text.startsWith('$(', this.#at)) return this.#enter(')', 2)
    const end = this.#endOfVariable()
    return inQuotes ? this.#pushOther(end - this.#at, false) : this.#pushWord(end)
  }

  #readOpen(): boolean {
    if (this.#text.startsWith('((', this.#at)) {
      return this.#pushOther(skipPast(this.#text, this.#at + 2, '))') - this.#at, false)
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
    const value = skipWhile(this.#text, this.#at, isOfWord)
    if (value > this.#at) this.#pushOther(value - this.#at, true)
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
}

const wordEnds: ReadonlySet<number> = new Set(Array.from('"\'`$(){}[];|&<>=', (character) => character.charCodeAt(0)))

function isOfWord(code: number): boolean {
  return !wordEnds.has(code) && code !== 0x0a && !isBlank(code)
}

function isOfName(code: number): boolean {
  return isLetter(code) || isDigit(code) || code === 0x5f
}

function isQuotedText(code: number): boolean {
  return code !== 0x22 && code !== 0x5c && code !== 0x24 && code !== 0x60
}

/** White space other than a line feed. */
function isBlank(code: number): boolean {
  return code !== 0x0a && isWhite(code)
}
