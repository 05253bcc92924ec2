import { fail } from '../model/error.ts'
import type { PageRequest } from './state/state.ts'

/** Where a page begins in a list whose cursors are positions. Throws REQUEST_INVALID for what no page gave. */
export function offsetOf({ cursor }: Pick<PageRequest, 'cursor'>): number {
  if (cursor === undefined) return 0
  if (!/^\d{1,9}$/.test(cursor)) throw fail('REQUEST_INVALID', 'cursor', 'it is not one that an earlier page gave')
  return Number(cursor)
}
