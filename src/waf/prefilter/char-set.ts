/** Stands for every character beyond ASCII that does not fold into it. */
export const BEYOND_ASCII = 0x80
const SIZE = 0x81

/**
 * The unit as the prefilter sees it: ASCII letters in lower case, U+017F as "s" and U+212A as "k" because RE2 folds
 * them so, everything else beyond ASCII as one symbol.
 */
export function foldedUnit(unit: number): number {
  if (unit >= 0x41 && unit <= 0x5a) return unit + 0x20
  if (unit < 0x80) return unit
  if (unit === 0x17f) return 0x73
  return unit === 0x212a ? 0x6b : BEYOND_ASCII
}

/** Sets of one character, by its code; each is made once. */
const singles: CharSet[] = []

/**
 * A set of characters after folding. It may hold more than the pattern says (other case, other characters beyond ASCII):
 * the prefilter must never rule out what could match, so sets err to the larger side. Both sides of a negation are
 * kept, since the complement of too much would be too little.
 */
export class CharSet {
  /** Code point ranges, sorted and apart, before folding. */
  readonly #ranges: readonly (readonly [number, number])[]
  #folded: readonly number[] | undefined

  static readonly empty: CharSet = new CharSet([])

  static of(character: string): CharSet {
    const code = character.codePointAt(0) ?? 0
    return (singles[code] ??= CharSet.range(code, code))
  }

  static range(low: number, high: number): CharSet {
    return new CharSet([[low, high]])
  }

  private constructor(ranges: readonly (readonly [number, number])[]) {
    this.#ranges = ranges
  }

  union(other: CharSet): CharSet {
    const sorted = [...this.#ranges, ...other.#ranges].sort((a, b) => a[0] - b[0])
    const merged: (readonly [number, number])[] = []
    for (const [low, high] of sorted) {
      const last = merged.at(-1)
      if (last !== undefined && low <= last[1] + 1) merged[merged.length - 1] = [last[0], Math.max(last[1], high)]
      else merged.push([low, high])
    }
    return new CharSet(merged)
  }

  negated(): CharSet {
    const ranges: (readonly [number, number])[] = []
    let from = 0
    for (const [low, high] of this.#ranges) {
      if (low > from) ranges.push([from, low - 1])
      from = high + 1
    }
    if (from <= 0x10ffff) ranges.push([from, 0x10ffff])
    return new CharSet(ranges)
  }

  /** The set less these ASCII characters; the same object when it holds none of them. */
  without(characters: string): CharSet {
    const codes = Array.from(characters, (character) => character.charCodeAt(0))
    if (!codes.some((code) => this.#ranges.some(([low, high]) => low <= code && code <= high))) return this
    const ranges = codes.reduce((left, code) => left.flatMap((range) => split(range, code)), this.#ranges)
    return new CharSet(ranges)
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0
  }

  /** The folded units of the set, in order. */
  get folded(): readonly number[] {
    if (this.#folded !== undefined) return this.#folded
    const present = new Uint8Array(SIZE)
    for (const [low, high] of this.#ranges) {
      for (let code = low; code <= high && code < 0x80; code += 1) present[foldedUnit(code)] = 1
      if (high >= 0x80) present[BEYOND_ASCII] = 1
      for (const code of [0x17f, 0x212a]) if (low <= code && code <= high) present[foldedUnit(code)] = 1
    }
    const folded: number[] = []
    for (let unit = 0; unit < SIZE; unit += 1) if (present[unit] === 1) folded.push(unit)
    this.#folded = folded
    return folded
  }
}

function split(range: readonly [number, number], code: number): (readonly [number, number])[] {
  const [low, high] = range
  if (code < low || code > high) return [range]
  const parts: (readonly [number, number])[] = [
    [low, code - 1],
    [code + 1, high],
  ]
  return parts.filter(([from, to]) => from <= to)
}

const digits = CharSet.range(0x30, 0x39)
const lower = CharSet.range(0x61, 0x7a)
const upper = CharSet.range(0x41, 0x5a)
const letters = lower.union(upper)
const space = CharSet.range(9, 10).union(CharSet.range(12, 13)).union(CharSet.of(' '))
const any = CharSet.empty.negated()

export const classes = {
  d: digits,
  w: digits.union(letters).union(CharSet.of('_')),
  s: space,
  any,
  notNewline: CharSet.of('\n').negated(),
}

const graph = CharSet.range(0x21, 0x7e)
const alnum = digits.union(letters)

/** The ASCII classes `[:name:]`. */
export const posixClasses: Readonly<Record<string, CharSet | undefined>> = {
  alnum,
  alpha: letters,
  ascii: CharSet.range(0, 0x7f),
  blank: CharSet.of(' ').union(CharSet.of('\t')),
  cntrl: CharSet.range(0, 0x1f).union(CharSet.of('\u007f')),
  digit: digits,
  graph,
  lower,
  print: CharSet.range(0x20, 0x7e),
  punct: CharSet.range(0x21, 0x2f)
    .union(CharSet.range(0x3a, 0x40))
    .union(CharSet.range(0x5b, 0x60))
    .union(CharSet.range(0x7b, 0x7e)),
  space: space.union(CharSet.of('\v')),
  upper,
  word: classes.w,
  xdigit: digits.union(CharSet.range(0x41, 0x46)).union(CharSet.range(0x61, 0x66)),
}
