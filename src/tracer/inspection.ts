import { randomUUID } from 'node:crypto'
// Imported, since the global one is a getter.
import { performance } from 'node:perf_hooks'
import { eventName, eventPrefix, tag } from '../model/tags.ts'
import type { ActionParameters, WafEvent } from '../model/waf-event.ts'
import type { Addresses, Waf, WafContext, WafResult } from '../waf/waf.ts'
import { blockingAction, fromParameters } from './block.ts'
import type { Denylist, DenylistHit, DenylistSubject } from './denylist/denylist.ts'
import type { ListedNow } from './denylist/listed-now.ts'
import type { BlockAction } from './login/login-target.ts'

/** What is in force when a request comes in: rules, lists, and whether they may block. */
export interface Protection {
  readonly waf: Waf
  readonly rulesVersion: string | undefined
  readonly denylist: Denylist
  /** `APPSEC_BLOCKING`: false sees everything and blocks nothing. */
  readonly blocking: boolean
  /** The time budget of the next WAF run, in microseconds. */
  readonly takeBudgetUs: () => number
  /** Parameters of the action `block`, as rules or remote configuration redefine it. */
  readonly blockParameters: ActionParameters
  /** How the rules learn what is on the denylist, and which of its lists any of them reads. */
  readonly listed: ListedNow
  readonly ruledLists: ReadonlySet<string>
}

/** libddwaf's code of an error that was thrown rather than returned. */
const THROWN = -127
const FAILED_LOGIN = `${eventPrefix}${eventName.loginFailure}.${tag.usrLogin}`

/** The checks of one request: which addresses were looked at, what matched, and how long it took. */
export class Inspection {
  readonly protection: Protection
  readonly events: WafEvent[] = []
  attributes: Readonly<Record<string, unknown>>[] = []
  keep = false
  /** A rule told of a login or another business event: what the app's own calls tell otherwise. */
  toldOfEvent = false
  /** The login that a rule told to have failed. */
  failedLogin: string | undefined
  runs = 0
  durationNs = 0
  durationExtUs = 0
  timeouts = 0
  error = 0
  truncatedString = 0
  truncatedSize = 0
  truncatedDepth = 0
  extended: ActionParameters | undefined
  #context: WafContext | undefined
  #passlisted = false
  /** By user id; most requests have none. */
  #verdicts: Map<string, BlockAction> | undefined

  constructor(protection: Protection) {
    this.protection = protection
  }

  /** Looks the subject up in the denylist and the passlist. What is on the denylist is to be told to `run`. */
  lookUp(subject: DenylistSubject, nowSeconds: number): DenylistHit | undefined {
    const verdict = this.protection.denylist.check(subject, nowSeconds)
    if (verdict.blocked) return verdict.hit
    if (verdict.passlisted) this.#passlisted = true
    return undefined
  }

  /** Whether any rule looks at the address: what none asks for need not be gathered. */
  knows(address: string): boolean {
    return this.protection.waf.knownAddresses.has(address)
  }

  /**
   * Runs the WAF on data of this request. `hit`: what of it is on the denylist, of which the rules of the lists decide;
   * where there are none, or they were not all asked in time, it is blocked. An error inside the engine is counted, never
   * thrown.
   */
  run(persistent: Addresses, hit?: DenylistHit): BlockAction | undefined {
    const userId = persistent['usr.id']
    // The engine reports a rule once a request; a blocked user asked about twice is blocked twice.
    const before = typeof userId === 'string' ? this.#verdicts?.get(userId) : undefined
    if (before !== undefined) return before
    const { listed, ruledLists } = this.protection
    listed.hit = hit
    const result = this.#run(persistent)
    listed.hit = undefined
    const ruled = result && this.#allowed(blockingAction(result.actions))
    const isUndecided = hit !== undefined && (result === undefined || result.timeout || !ruledLists.has(hit.list))
    const action = isUndecided ? (ruled ?? this.#stop(hit)) : ruled
    if (action !== undefined && typeof userId === 'string') (this.#verdicts ??= new Map()).set(userId, action)
    return action
  }

  /** The block of what is on a list that no rule reads. */
  #stop(hit: DenylistHit): BlockAction | undefined {
    const id = randomUUID()
    const event = denylistEvent(hit, id)
    if (!this.events.some(({ rule }) => rule.id === event.rule.id)) this.events.push(event)
    this.keep = true
    const parameters: ActionParameters = { ...this.protection.blockParameters, security_response_id: id }
    const type = parameters['location'] === undefined ? 'block_request' : 'redirect_request'
    return this.#allowed(fromParameters(type, parameters))
  }

  #run(persistent: Addresses): WafResult | undefined {
    const startMs = performance.now()
    let result: WafResult | undefined
    try {
      this.#context ??= this.protection.waf.createContext()
      result = this.#context.run({ persistent }, { budgetUs: this.protection.takeBudgetUs() })
      this.#take(result)
    } catch {
      this.error = THROWN
    }
    this.runs++
    this.durationExtUs += (performance.now() - startMs) * 1_000
    return result
  }

  /** Frees what the engine holds; nothing can be run afterwards. */
  dispose(): void {
    this.#context?.dispose()
    this.#context = undefined
  }

  #allowed(action: BlockAction | undefined): BlockAction | undefined {
    return this.protection.blocking && !this.#passlisted ? action : undefined
  }

  #take(result: WafResult): void {
    this.durationNs += result.durationNs
    if (result.timeout) this.timeouts++
    if (result.keep) this.keep = true
    for (const event of result.events) {
      this.events.push(event)
      if (event.rule.tags['category'] === 'business_logic') this.toldOfEvent = true
    }
    let any = false
    for (const name in result.attributes) {
      any = true
      if (name.startsWith(eventPrefix)) this.toldOfEvent = true
      if (name === FAILED_LOGIN) this.failedLogin = String(result.attributes[name])
    }
    if (any) this.attributes.push(result.attributes)
    if (result.actions['extended_data_collection'] !== undefined)
      this.extended = result.actions['extended_data_collection']
    const { truncated } = result
    if (truncated === undefined) return
    this.truncatedString = Math.max(this.truncatedString, truncated.stringLength ?? 0)
    this.truncatedSize = Math.max(this.truncatedSize, truncated.containerSize ?? 0)
    this.truncatedDepth = Math.max(this.truncatedDepth, truncated.containerDepth ?? 0)
  }
}

const listRules = {
  blocked_ips: {
    rule: {
      id: 'blk-001-001',
      name: 'Block IP Addresses',
      tags: { type: 'block_ip', category: 'security_response', module: 'network-acl' },
    },
    operator: 'ip_match',
    address: 'http.client_ip',
  },
  blocked_users: {
    rule: {
      id: 'blk-001-002',
      name: 'Block User Addresses',
      tags: { type: 'block_user', category: 'security_response', module: 'authentication-acl' },
    },
    operator: 'exact_match',
    address: 'usr.id',
  },
} as const

/** The event of a denylist hit, in the shape in which the same lists match as rules elsewhere. */
function denylistEvent({ list, value }: DenylistHit, securityResponseId: string): WafEvent {
  const { rule, operator, address } = listRules[list]
  return {
    rule: { ...rule, on_match: ['block'] },
    rule_matches: [
      { operator, operator_value: '', parameters: [{ address, key_path: [], value, highlight: [value] }] },
    ],
    security_response_id: securityResponseId,
  }
}
