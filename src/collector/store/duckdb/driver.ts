import type * as Driver from '@duckdb/node-api'
import { fail } from '../../../model/error.ts'

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
