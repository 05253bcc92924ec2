import type * as Driver from '@duckdb/node-api'
import type { Bindings } from './driver.ts'
import type { EncodedColumn, EncodedColumns } from './encoded-column.ts'
import { isTrue } from './encoded-column.ts'
import type { Column } from './schema.ts'

/** Words of 32 bits that a text takes in a vector: its length and either its bytes or where they are. */
const TEXT_WORDS = 4
const WORD = 2 ** 32

/** What writes chunks: the driver, and the functions below it that take whole columns. */
export interface ChunkWriter {
  readonly driver: typeof Driver
  readonly bindings: Bindings
}

/** These rows of these columns. */
export interface Share {
  readonly columns: EncodedColumns
  readonly rows: readonly number[]
}

/** A chunk of the rows of all shares, whose columns are in the order of `schema`. */
export function fillChunk(
  { driver, bindings }: ChunkWriter,
  schema: readonly Column[],
  shares: readonly Share[],
): Driver.DuckDBDataChunk {
  const types = schema.map(({ type }) => (type === 'VARCHAR[]' ? driver.LIST(driver.VARCHAR) : driver[type]))
  const count = shares.reduce((sum, { rows }) => sum + rows.length, 0)
  const chunk = driver.DuckDBDataChunk.create(types, count)
  schema.forEach(({ type }, index) => {
    const parts = shares.map(({ columns, rows }) => ({ column: columns[index] ?? null, rows }))
    if (type === 'VARCHAR[]') {
      chunk.setColumnValues(index, listsOf(driver, parts))
      return
    }
    const vector = new VectorWriter(bindings, bindings.data_chunk_get_vector(chunk.chunk, index), count)
    if (type === 'VARCHAR') writeTexts(vector, parts)
    else writeNumbers(vector, type, parts)
    vector.finish()
  })
  return chunk
}

interface Part {
  readonly column: EncodedColumn | null
  readonly rows: readonly number[]
}

/** A vector of the chunk. */
class VectorWriter {
  readonly count: number
  readonly #bindings: Bindings
  readonly #vector: unknown
  /** One bit a row, 1 where there is a value. */
  readonly #validity: Uint8Array
  #missing = 0

  constructor(bindings: Bindings, vector: unknown, count: number) {
    this.#bindings = bindings
    this.#vector = vector
    this.count = count
    this.#validity = new Uint8Array(Math.ceil(count / 64) * 8).fill(0xff)
  }

  setNull(at: number): void {
    this.#validity[at >> 3] = (this.#validity[at >> 3] as number) & ~(1 << (at & 7))
    this.#missing++
  }

  setText(at: number, text: string): void {
    this.#bindings.vector_assign_string_element(this.#vector, at, text)
  }

  setBytes(at: number, utf8: Uint8Array): void {
    this.#bindings.vector_assign_string_element_len(this.#vector, at, utf8)
  }

  /** Makes rows refer to the text of another: `pairs` are a row and where its text is, one after the other. */
  repeat(pairs: readonly number[]): void {
    const copy = this.#bindings.vector_get_data(this.#vector, this.count * TEXT_WORDS * 4)
    const words = new Uint32Array(copy.buffer, copy.byteOffset, this.count * TEXT_WORDS)
    for (let index = 0; index < pairs.length; index += 2) {
      const [to, from] = [(pairs[index] as number) * TEXT_WORDS, (pairs[index + 1] as number) * TEXT_WORDS]
      for (let word = 0; word < TEXT_WORDS; word++) words[to + word] = words[from + word] as number
    }
    this.write(words)
  }

  write(values: Uint8Array | Float64Array | Uint32Array): void {
    this.#bindings.copy_data_to_vector(this.#vector, 0, values.buffer, values.byteOffset, values.byteLength)
  }

  /** Without any null all rows are taken to have a value. */
  finish(): void {
    if (this.#missing === 0) return
    const { buffer, byteLength } = this.#validity
    this.#bindings.vector_ensure_validity_writable(this.#vector)
    this.#bindings.copy_data_to_vector_validity(this.#vector, 0, buffer, 0, byteLength)
  }
}

function writeNumbers(vector: VectorWriter, type: 'BIGINT' | 'DOUBLE' | 'BOOLEAN', parts: readonly Part[]): void {
  const { count } = vector
  const flags = new Uint8Array(type === 'BOOLEAN' ? count : 0)
  const doubles = new Float64Array(type === 'DOUBLE' ? count : 0)
  const words = new Uint32Array(type === 'BIGINT' ? count * 2 : 0)
  let at = 0
  for (const { column, rows } of parts) {
    for (const row of rows) {
      if (column?.kind === 'flags') {
        const flag = column.values[row]
        if (flag === 0) vector.setNull(at)
        else if (flag === isTrue) flags[at] = 1
      } else if (column?.kind === 'numbers') {
        const value = column.values[row] as number
        if (type === 'DOUBLE') doubles[at] = value
        else if (Number.isNaN(value)) vector.setNull(at)
        else {
          // Two's complement by its words: a BigInt for each would be garbage.
          const high = Math.floor(value / WORD)
          words[at * 2] = value - high * WORD
          words[at * 2 + 1] = high
        }
      } else vector.setNull(at)
      at++
    }
  }
  vector.write(type === 'BOOLEAN' ? flags : type === 'DOUBLE' ? doubles : words)
}

/**
 * Handing a text to the engine costs more than all else that is done with it: each is handed over once a share, and the
 * other rows refer to the same bytes, as DuckDB's own vectors do.
 */
function writeTexts(vector: VectorWriter, parts: readonly Part[]): void {
  const repeats: number[] = []
  let at = 0
  for (const { column, rows } of parts) {
    const firstOf = new Int32Array(column?.kind === 'texts' ? column.texts.length + 1 : 0).fill(-1)
    for (const row of rows) {
      if (column?.kind === 'bytes') {
        vector.setBytes(at, column.bytes.subarray(row === 0 ? 0 : column.ends[row - 1], column.ends[row]))
      } else if (column?.kind === 'texts' && column.refs[row] !== 0) {
        const ref = column.refs[row] as number
        const first = firstOf[ref] as number
        if (first >= 0) repeats.push(at, first)
        else {
          vector.setText(at, column.texts[ref - 1] as string)
          firstOf[ref] = at
        }
      } else vector.setNull(at)
      at++
    }
  }
  if (repeats.length > 0) vector.repeat(repeats)
}

function listsOf(driver: typeof Driver, parts: readonly Part[]): (Driver.DuckDBListValue | null)[] {
  return parts.flatMap(({ column, rows }) =>
    rows.map((row) => {
      const list = column?.kind === 'lists' ? column.values[row] : null
      return list ? driver.listValue(list) : null
    }),
  )
}
