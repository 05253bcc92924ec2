/**
 * A column of a batch in the form in which it crosses to the store's thread: few objects, since copying and collecting
 * them costs more than writing what is in them. `numbers`: NaN is null; `flags`: 0 is null, 1 false, 2 true; `texts`: each
 * different text once, rows refer to them from 1 on, 0 is null; `bytes`: UTF-8 end to end, without nulls.
 */
export type EncodedColumn =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'flags'; readonly values: Uint8Array }
  | { readonly kind: 'texts'; readonly texts: readonly string[]; readonly refs: Uint32Array }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly ends: Uint32Array }
  | { readonly kind: 'lists'; readonly values: readonly (readonly string[] | null)[] }

/** Columns by their place in the table's; null is a column of nulls. */
export type EncodedColumns = readonly (EncodedColumn | null)[]

export const isFalse = 1
export const isTrue = 2

export function numbersOf(values: ArrayLike<number>): EncodedColumn {
  return { kind: 'numbers', values: Float64Array.from(values) }
}

/** The same number in every row. */
export function sameNumber(value: number, rows: number): EncodedColumn {
  return { kind: 'numbers', values: new Float64Array(rows).fill(value) }
}

/** Texts of which each is taken to be different. */
export function differentTexts(texts: readonly string[]): EncodedColumn {
  return { kind: 'texts', texts, refs: Uint32Array.from(texts, (_, row) => row + 1) }
}

/** The text of a row; undefined where it has none. */
export function textAt(column: EncodedColumn | null | undefined, row: number): string | undefined {
  return column?.kind === 'texts' ? column.texts[(column.refs[row] ?? 0) - 1] : undefined
}

/** The number of a row; NaN where it has none. */
export function numberAt(column: EncodedColumn | null | undefined, row: number): number {
  return column?.kind === 'numbers' ? (column.values[row] as number) : Number.NaN
}

/** Whether a row of a column of bytes has any. */
export function hasBytes(column: EncodedColumn | null | undefined, row: number): boolean {
  return column?.kind === 'bytes' && (column.ends[row] as number) > (row === 0 ? 0 : (column.ends[row - 1] as number))
}

/** After this many different texts in a row a column is taken to have no repetitions worth looking for. */
const MAX_DIFFERENT = 64

/** Takes texts row by row; rows that are left out are null. */
export class TextsBuilder {
  readonly #texts: string[] = []
  readonly #refs: Uint32Array
  readonly #known = new Map<string, number>()
  #different = 0

  constructor(rows: number) {
    this.#refs = new Uint32Array(rows)
  }

  set(row: number, text: string): void {
    const looks = this.#different < MAX_DIFFERENT
    let ref = looks ? this.#known.get(text) : undefined
    if (ref === undefined) {
      ref = this.#texts.push(text)
      if (looks) this.#known.set(text, ref)
      this.#different++
    } else {
      this.#different = 0
    }
    this.#refs[row] = ref
  }

  get column(): EncodedColumn {
    return { kind: 'texts', texts: this.#texts, refs: this.#refs }
  }
}

const FIRST_BYTES = 1 << 14
/** UTF-8 takes at most three bytes for a unit of UTF-16. */
const BYTES_PER_UNIT = 3

/** Takes a text of every row, in their order. */
export class BytesBuilder {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0
  readonly #ends: number[] = []

  push(text: string): void {
    const most = this.#length + text.length * BYTES_PER_UNIT
    if (most > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(most, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    this.#length += this.#bytes.write(text, this.#length)
    this.#ends.push(this.#length)
  }

  /** In memory of its own, which may be given to another thread. */
  get column(): EncodedColumn {
    const bytes = new Uint8Array(this.#bytes.buffer, 0, this.#length)
    return { kind: 'bytes', bytes, ends: Uint32Array.from(this.#ends) }
  }
}
