import { fail } from '../../model/error.ts'
import type { DataSet } from '../data-set.ts'
import type { CompileScope } from '../operator.ts'
import { compilePattern } from '../regex.ts'
import type { Pattern, PatternOptions } from '../regex.ts'

/** What the items of a configuration are compiled with: the live lists, and where warnings go. */
export interface LoadScope {
  readonly data: (id: string) => DataSet
  readonly warn: (message: string) => void
  /** Whether an item of a key path names a secret, which must not be stored. */
  readonly isSecret: (keyPathItem: string) => boolean
}

/** The scope of an operator whose parameters stand at `path`. */
export function compileScope(path: string, scope: LoadScope): CompileScope {
  return {
    path,
    warn: (message) => scope.warn(`${path}: ${message}`),
    data: (id) => scope.data(id),
    regex: (source, options) => readPattern(source, options, path),
  }
}

function readPattern(source: string, options: PatternOptions | undefined, path: string): Pattern {
  try {
    return compilePattern(source, options)
  } catch (error) {
    throw fail('RULESET_INVALID', `${path}.regex`, `not an RE2 pattern: ${(error as Error).message}`)
  }
}
