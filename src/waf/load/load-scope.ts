import { fail } from '../../model/error.ts'
import type { DataSet } from '../data-set.ts'
import type { CompileScope } from '../operator.ts'
import { nearest } from './nearest.ts'
import { compilePattern } from '../regex.ts'
import type { Pattern, PatternOptions } from '../regex.ts'

/** What the items of a configuration are compiled with: the live lists, and where warnings go. */
export interface LoadScope {
  readonly data: (id: string) => DataSet
  /** Ids of the lists that configurations give. */
  readonly lists: ReadonlySet<string>
  /** Ids of the actions that configurations give, and of those that are always there. */
  readonly actions: ReadonlySet<string>
  readonly warn: (message: string) => void
  /** Whether an item of a key path names a secret, which must not be stored. */
  readonly isSecret: (keyPathItem: string) => boolean
}

/** Lists that the collector, or any Datadog backend, fills under these names once it has something to put in them. */
const filledLater = /^(?:block|passlist)ed_/

/** Warns of an action that nothing defines: it would be named in events, and do nothing. */
export function checkAction(id: string, path: string, { actions, warn }: Pick<LoadScope, 'actions' | 'warn'>): void {
  if (!actions.has(id)) warn(`${path}: ${notGiven('an action', id, actions)}`)
}

function notGiven(what: string, id: string, given: ReadonlySet<string>): string {
  const near = nearest(id, given)
  return `no configuration gives ${what} "${id.slice(0, 64)}"${near === undefined ? '' : `; did you mean "${near}"?`}`
}

/** The scope of an operator whose parameters stand at `path`. */
export function compileScope(path: string, scope: LoadScope): CompileScope {
  return {
    path,
    warn: (message) => scope.warn(`${path}: ${message}`),
    data(id) {
      if (!scope.lists.has(id) && !filledLater.test(id))
        scope.warn(`${path}.data: ${notGiven('a list', id, scope.lists)}`)
      return scope.data(id)
    },
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
