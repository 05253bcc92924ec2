import { createRequire } from 'node:module'
import type * as Driver from '@duckdb/node-api'
import { fail } from '../../../model/error.ts'

/** Functions of DuckDB's C interface, as the driver's own package of bindings has them: columns are written whole. */
export interface Bindings {
  data_chunk_get_vector(chunk: unknown, column: number): unknown
  vector_assign_string_element(vector: unknown, row: number, text: string): void
  vector_assign_string_element_len(vector: unknown, row: number, utf8: Uint8Array): void
  vector_ensure_validity_writable(vector: unknown): void
  vector_get_data(vector: unknown, bytes: number): Uint8Array
  copy_data_to_vector(vector: unknown, offset: number, from: ArrayBufferLike, at: number, bytes: number): void
  copy_data_to_vector_validity(vector: unknown, offset: number, from: ArrayBufferLike, at: number, bytes: number): void
}

/** Loads DuckDB when it is first needed: the package is installed only where a collector runs. */
export async function loadDriver(): Promise<typeof Driver> {
  try {
    return await import('@duckdb/node-api')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND')
      throw fail('DRIVER_MISSING', '@duckdb/node-api')
    throw error
  }
}

/** The bindings are a dependency of the driver, so they are found from where it lies. */
export function loadBindings(): Bindings {
  const driver = createRequire(import.meta.url).resolve('@duckdb/node-api')
  return createRequire(driver)('@duckdb/node-bindings') as Bindings
}
