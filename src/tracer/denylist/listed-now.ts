import type { DataSet } from '../../waf/data-set.ts'
import type { Denylist, DenylistHit } from './denylist.ts'

/**
 * What of the request that is being judged stands on the denylist. To the rule engine this is all that remote lists hold:
 * the denylist is asked before it, so that a million entries are kept once, and its rules then say what becomes of the
 * request, as overrides and exclusions have it. A run of the engine is synchronous: there is one such request at a time.
 */
export class ListedNow {
  hit: DenylistHit | undefined = undefined
  /** The lists by the ids under which rules ask for them. */
  readonly lists: ReadonlyMap<DenylistHit['list'], DataSet>

  constructor(denylist: Pick<Denylist, 'size'>) {
    const listOf = (id: DenylistHit['list']): DataSet => {
      const holds = (value: string): boolean => this.hit?.list === id && this.hit.value === value
      return {
        id,
        get isGiven() {
          return denylist.size > 0
        },
        hasString: holds,
        hasAddress: holds,
      }
    }
    this.lists = new Map([
      ['blocked_ips', listOf('blocked_ips')],
      ['blocked_users', listOf('blocked_users')],
    ])
  }
}
