import type * as Driver from '@duckdb/node-api'
import type { Bindings } from './driver.ts'
import type { Cell } from './encode.ts'
import type { Column } from './schema.ts'

/** A text in a vector: its length and either its bytes or where they are. */
const TEXT_BYTES = 16
/** After this many different texts in a row a column is taken to have no repetitions worth looking for. */
const MAX_DIFFERENT = 64

/** What writes chunks: the driver, and the functions below it that take whole columns. */
export interface ChunkWriter {
  readonly driver: typeof Driver
  readonly bindings: Bindings
}

/** A chunk of rows; `columns[i]` are the values of `schema[i]`, undefined where all are null. */
export function fillChunk(
  { driver, bindings }: ChunkWriter,
  schema: readonly Column[],
  columns: readonly (readonly Cell[] | undefined)[],
  rows: number,
): Driver.DuckDBDataChunk {
  const types = schema.map(({ type }) => (type === 'VARCHAR[]' ? driver.LIST(driver.VARCHAR) : driver[type]))
  const chunk = driver.DuckDBDataChunk.create(types, rows)
  schema.forEach(({ type }, index) => {
    const values = columns[index]
    const vector = bindings.data_chunk_get_vector(chunk.chunk, index)
    if (!values || type !== 'VARCHAR[]') writeValidity(bindings, vector, values, rows)
    if (!values) return
    if (type === 'VARCHAR[]') {
      const lists = values.map((value) => (value === null ? null : driver.listValue(value as readonly string[])))
      chunk.setColumnValues(index, lists)
      return
    }
    if (type === 'VARCHAR') writeTexts(bindings, vector, values as readonly (string | null)[])
    else writeNumbers(bindings, vector, type, values as readonly (number | boolean | null)[])
  })
  return chunk
}

/** One bit a row, 1 where there is a value; without any all rows have one. */
function writeValidity(bindings: Bindings, vector: unknown, values: readonly Cell[] | undefined, rows: number): void {
  const bits = new Uint8Array(Math.ceil(rows / 64) * 8)
  let missing = 0
  for (let row = 0; row < rows; row++) {
    if (values === undefined || values[row] === null) missing++
    else bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
  }
  if (missing === 0) return
  bindings.vector_ensure_validity_writable(vector)
  bindings.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bits.byteLength)
}

function writeNumbers(
  bindings: Bindings,
  vector: unknown,
  type: 'BIGINT' | 'DOUBLE' | 'BOOLEAN',
  values: readonly (number | boolean | null)[],
): void {
  const rows = values.length
  const cells =
    type === 'BIGINT' ? new BigInt64Array(rows) : type === 'DOUBLE' ? new Float64Array(rows) : new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const value = values[row]
    if (value === null || value === undefined) continue
    if (cells instanceof BigInt64Array) cells[row] = BigInt(Math.round(value as number))
    else cells[row] = Number(value)
  }
  bindings.copy_data_to_vector(vector, 0, cells.buffer, 0, cells.byteLength)
}

/**
 * Handing a text to the engine costs more than all else that is done with it, and most columns have few different ones:
 * each is handed over once, and the other rows refer to the same bytes, as DuckDB's own vectors do.
 */
function writeTexts(bindings: Bindings, vector: unknown, values: readonly (string | null)[]): void {
  const first = new Map<string, number>()
  const repeats: number[] = []
  let different = 0
  for (let row = 0; row < values.length; row++) {
    const text = values[row]
    if (text === null || text === undefined) continue
    if (different < MAX_DIFFERENT) {
      const known = first.get(text)
      if (known !== undefined) {
        repeats.push(row, known)
        different = 0
        continue
      }
      first.set(text, row)
      different++
    }
    bindings.vector_assign_string_element(vector, row, text)
  }
  if (repeats.length === 0) return
  const bytes = Uint8Array.from(bindings.vector_get_data(vector, values.length * TEXT_BYTES))
  const words = new BigUint64Array(bytes.buffer)
  for (let index = 0; index < repeats.length; index += 2) {
    const [to, from] = [(repeats[index] as number) * 2, (repeats[index + 1] as number) * 2]
    words[to] = words[from] as bigint
    words[to + 1] = words[from + 1] as bigint
  }
  bindings.copy_data_to_vector(vector, 0, bytes.buffer, 0, bytes.byteLength)
}
