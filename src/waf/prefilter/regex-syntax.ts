import { CharSet, classes, posixClasses } from './char-set.ts'

/** The shape of a regex, as far as the prefilter needs it: what may be consumed, without captures, anchors or greed. */
export type RegexNode =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'chars'; readonly set: CharSet }
  | { readonly kind: 'concat'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'alternate'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly item: RegexNode; readonly min: number; readonly max: number }

const nothing: RegexNode = { kind: 'nothing' }
const MAX_NESTING = 200

/**
 * Reads a pattern of RE2 syntax. Gives undefined when some part is not understood; such a pattern has no prefilter.
 * Source of the syntax: https://github.com/google/re2/wiki/Syntax
 */
export function parseRegex(source: string): RegexNode | undefined {
  try {
    return new RegexReader(source).read()
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined
    throw error
  }
}

class NotUnderstood extends Error {}

class RegexReader {
  readonly #units: readonly string[]
  #at = 0
  #dotAll = false

  constructor(source: string) {
    this.#units = Array.from(source)
  }

  read(): RegexNode {
    const node = this.#alternation(0)
    if (this.#at < this.#units.length) throw new NotUnderstood('unbalanced parenthesis')
    return node
  }

  #alternation(depth: number): RegexNode {
    if (depth > MAX_NESTING) throw new NotUnderstood('nested too deeply')
    const dotAll = this.#dotAll
    const branches: RegexNode[] = []
    do branches.push(this.#sequence(depth))
    while (this.#accept('|'))
    this.#dotAll = dotAll
    return branches.length === 1 ? (branches[0] ?? nothing) : { kind: 'alternate', items: branches }
  }

  #sequence(depth: number): RegexNode {
    const items: RegexNode[] = []
    while (this.#at < this.#units.length && this.#peek() !== '|' && this.#peek() !== ')') {
      if (this.#accept('\\Q')) items.push(...this.#quoted())
      else items.push(this.#repeated(this.#atom(depth)))
    }
    return items.length === 1 ? (items[0] ?? nothing) : { kind: 'concat', items }
  }

  #quoted(): RegexNode[] {
    const items: RegexNode[] = []
    while (this.#at < this.#units.length && !this.#accept('\\E')) items.push(literal(this.#next()))
    return items
  }

  #repeated(item: RegexNode): RegexNode {
    let node = item
    for (let bounds = this.#quantifier(); bounds !== undefined; bounds = this.#quantifier())
      node = { kind: 'repeat', item: node, ...bounds }
    return node
  }

  #quantifier(): { readonly min: number; readonly max: number } | undefined {
    const bounds = this.#bounds()
    if (bounds !== undefined) this.#accept('?')
    return bounds
  }

  #bounds(): { readonly min: number; readonly max: number } | undefined {
    if (this.#accept('*')) return { min: 0, max: Infinity }
    if (this.#accept('+')) return { min: 1, max: Infinity }
    if (this.#accept('?')) return { min: 0, max: 1 }
    if (this.#peek() !== '{') return undefined
    const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#ahead(24))
    if (counted === null) return undefined
    this.#at += counted[0].length
    const min = Number(counted[1])
    if (counted[2] === undefined) return { min, max: min }
    return { min, max: counted[3] === '' ? Infinity : Number(counted[3]) }
  }

  #atom(depth: number): RegexNode {
    const unit = this.#next()
    if (unit === '(') return this.#group(depth)
    if (unit === '[') return chars(this.#bracket())
    if (unit === '.') return chars(this.#dotAll ? classes.any : classes.notNewline)
    if (unit === '^' || unit === '$') return nothing
    return unit === '\\' ? this.#escape() : literal(unit)
  }

  #group(depth: number): RegexNode {
    const dotAll = this.#dotAll
    const opening = /^\?(?:P?<\w+>|:|([imsU]*)(?:-([imsU]+))?(:|\)))/.exec(this.#ahead(80))
    if (this.#peek() === '?' && opening === null) throw new NotUnderstood('an unknown kind of group')
    if (opening !== null) {
      this.#at += Array.from(opening[0]).length
      if (opening[1]?.includes('s') === true) this.#dotAll = true
      if (opening[2]?.includes('s') === true) this.#dotAll = false
      // Flags without a colon hold for the rest of the enclosing group, whose alternation restores them.
      if (opening[3] === ')') return nothing
    }
    const node = this.#alternation(depth + 1)
    if (!this.#accept(')')) throw new NotUnderstood('an open group')
    this.#dotAll = dotAll
    return node
  }

  #escape(): RegexNode {
    const unit = this.#next()
    if ('bBAz'.includes(unit)) return nothing
    if (unit === 'C') return chars(classes.any)
    const named = this.#namedClass(unit)
    return named === undefined ? literal(this.#escapedCharacter(unit)) : chars(named)
  }

  #namedClass(unit: string): CharSet | undefined {
    if (unit === 'd' || unit === 'w' || unit === 's') return classes[unit]
    if (unit === 'D' || unit === 'W' || unit === 'S') return classes[unit.toLowerCase() as 'd' | 'w' | 's'].negated()
    if (unit !== 'p' && unit !== 'P') return undefined
    if (this.#accept('{')) while (this.#next() !== '}');
    else this.#next()
    return classes.any
  }

  #escapedCharacter(unit: string): string {
    const control = { a: '\u0007', f: '\f', t: '\t', n: '\n', r: '\r', v: '\v' }[unit]
    if (control !== undefined) return control
    if (unit === 'x') return this.#hexadecimal()
    if (/[0-7]/.test(unit)) return this.#octal(unit)
    // Other letters and digits have meanings of their own that are not needed here.
    if (/[\w]/.test(unit) && unit !== '_') throw new NotUnderstood(`\\${unit}`)
    return unit
  }

  #hexadecimal(): string {
    const digits = /^(?:\{([0-9a-f]{1,6})\}|([0-9a-f]{2}))/i.exec(this.#ahead(8))
    if (digits === null) throw new NotUnderstood('\\x')
    this.#at += digits[0].length
    const point = Number.parseInt(digits[1] ?? digits[2] ?? '', 16)
    if (point > 0x10ffff) throw new NotUnderstood('no code point')
    return String.fromCodePoint(point)
  }

  #octal(first: string): string {
    const more = /^[0-7]{0,2}/.exec(this.#ahead(2))?.[0] ?? ''
    if (first !== '0' && more === '') throw new NotUnderstood('a back reference')
    this.#at += more.length
    return String.fromCodePoint(Number.parseInt(first + more, 8))
  }

  #bracket(): CharSet {
    const negated = this.#accept('^')
    let set = CharSet.empty
    let first = true
    while (first || this.#peek() !== ']') {
      first = false
      const posix = this.#peek() === '[' ? /^\[:(\^?)(\w+):\]/.exec(this.#ahead(16)) : null
      if (posix !== null) {
        const named = posixClasses[posix[2] ?? '']
        if (named === undefined) throw new NotUnderstood(posix[0])
        this.#at += posix[0].length
        set = set.union(posix[1] === '^' ? named.negated() : named)
        continue
      }
      set = set.union(this.#bracketItem())
    }
    this.#at += 1
    return negated ? set.negated() : set
  }

  #bracketItem(): CharSet {
    const low = this.#bracketUnit()
    if (typeof low !== 'string') return low
    if (this.#peek() !== '-' || this.#units[this.#at + 1] === ']') return CharSet.of(low)
    this.#at += 1
    const high = this.#bracketUnit()
    if (typeof high !== 'string') throw new NotUnderstood('a range up to a class')
    return CharSet.range(low.codePointAt(0) ?? 0, high.codePointAt(0) ?? 0)
  }

  #bracketUnit(): string | CharSet {
    const unit = this.#next()
    if (unit !== '\\') return unit
    const escaped = this.#next()
    return this.#namedClass(escaped) ?? this.#escapedCharacter(escaped)
  }

  #peek(): string | undefined {
    return this.#units[this.#at]
  }

  #next(): string {
    const unit = this.#units[this.#at]
    if (unit === undefined) throw new NotUnderstood('an early end')
    this.#at += 1
    return unit
  }

  #accept(text: string): boolean {
    for (let index = 0; index < text.length; index += 1) if (this.#units[this.#at + index] !== text[index]) return false
    this.#at += text.length
    return true
  }

  #ahead(count: number): string {
    return this.#units.slice(this.#at, this.#at + count).join('')
  }
}

function literal(character: string): RegexNode {
  return chars(CharSet.of(character))
}

function chars(set: CharSet): RegexNode {
  return { kind: 'chars', set }
}
