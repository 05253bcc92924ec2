import type { Clock } from '../../model/clock.ts'
import { attribute, businessLogicActivity, type AttributeValue, type SpanRecord } from '../../model/span-record.ts'
import { eventName } from '../../model/tags.ts'
import type { NewWafRule, WafRoute, WafRuleObject } from '../../model/waf-rule.ts'
import { anyValue } from '../campaign.ts'
import type { WafClock } from '../../waf/waf.ts'
import type { RecordScope, ScanPart, Store, TimeRange } from '../store/store.ts'
import { wireRules } from '../wire-rule.ts'
import { explainRecord, type RecordExplanation } from './explain-record.ts'
import { unmeasuredInputs } from './measurable.ts'
import { preselect } from './preselect.ts'
import { RuleMatcher, type Outcome } from './rule-matcher.ts'
import { unreplayableInputs, type UnreplayableInput } from './rule-inputs.ts'

/** What is asked: would this rule have matched, on these routes of these services (empty: all), in this time? */
export interface ReplayRequest {
  /** A rule of the libddwaf format, or just its conditions. */
  readonly rule: WafRuleObject
  readonly routes?: readonly WafRoute[]
  readonly services?: readonly string[]
  readonly envs?: readonly string[]
  readonly range: TimeRange
  /** `full`: logins, attacks and kept traces; `all`: compact records of all other requests, too. Default full. */
  readonly records?: RecordScope
  /** A query that narrows the traffic further, such as to what is outside of an attack. */
  readonly query?: string
}

/** What a rule would have hit. */
export interface ReplayResult {
  readonly matched: number
  /** Requests that agree with the rule in all that is stored, while their tracer does not record the rest. */
  readonly undetermined: number
  /** Matched requests in which a login succeeded, and by how many users. */
  readonly successfulLogins: number
  readonly users: number
  /** All requests of the services in the range. */
  readonly total: number
  readonly intervalMs: number
  /** Matched requests by time; buckets without any are left out. */
  readonly series: readonly (readonly [number, number])[]
  /** Some of the matched requests, mostly the newest. */
  readonly traceIds: readonly string[]
  /** `full`: logins, attacks and kept traces; `compact`: all requests. */
  readonly measuredOn: 'full' | 'compact'
  /** Hours of the range of which something is stored. */
  readonly hours: number
  /** Parts of the rule that cannot be told from what is stored: they are taken as holding, so the figures are upper bounds. */
  readonly unreplayable: readonly UnreplayableInput[]
}

/** Rules on the traffic of the past. All reject with RULESET_INVALID or RULE_UNKNOWN_OPERATOR for a rule that cannot be read. */
export interface Replayer {
  /** What a rule would have hit, in constant memory. Rejects with QUERY_SYNTAX for a bad `query`. */
  replay(request: ReplayRequest, signal?: AbortSignal): Promise<ReplayResult>
  /** What a wide rule looks at and compact records do not carry, so that it must not block (measurable.ts). */
  unmeasured(rule: Pick<NewWafRule, 'rule' | 'routes'>): readonly string[]
  /** Why a rule does or does not match a stored request. Throws. */
  explain(
    rule: { readonly rule: WafRuleObject; readonly routes: readonly WafRoute[] },
    record: Pick<SpanRecord, 'attributes'>,
  ): RecordExplanation
}

export function createReplayer({
  store,
  clock,
}: {
  readonly store: Store
  readonly clock: Pick<Clock, 'nowMs'>
}): Replayer {
  // Budgets do not matter where nobody waits for the answer within a request.
  const wafClock = { nowMs: () => clock.nowMs(), monotonicNs: () => 0 }
  return {
    replay: (request, signal) => replay(request, store, wafClock, signal),
    unmeasured: unmeasuredInputs,
    explain: (rule, record) => explainRecord(rule, record, wafClock),
  }
}

/** Requests that look alike are judged once; so many looks are remembered. */
const maxRemembered = 100_000
const buckets = 168
const minIntervalMs = 60_000
const hourMs = 3_600_000
const maxTraceIds = 20
/** Users that are told apart; of more the figure is a lower bound. */
const maxUsers = 1_000_000
const success = businessLogicActivity(eventName.loginSuccess)

async function replay(
  request: ReplayRequest,
  store: Store,
  clock: WafClock,
  signal?: AbortSignal,
): Promise<ReplayResult> {
  const { rule, routes = [], range, records = 'full' } = request
  const rules = wireRules({ id: 'replayed', name: 'replayed', rule, routes }, [])
  const matcher = new RuleMatcher(rules, clock)
  const scope = scopeQuery(request)
  const [whole] = await store.top(scope, range, { by: [], aggregates: ['count'], limit: 1, records })
  const needed = matcher.attributes
  const attributes = [...needed, attribute.activity, attribute.userId, attribute.login]
  const hits = new Hits(range)
  // Most requests look like one before: an object is made, and the engine asked, of the first of each only.
  const outcomes = new Map<string, Outcome>()
  for await (const part of store.scan(`${scope} ${preselect(rules)}`, range, { attributes, records }, signal)) {
    for (const row of part.traceIds.keys()) {
      let key = ''
      for (let column = 0; column < needed.length; column++) {
        const value = part.values[column]?.[row] ?? null
        key += value === null ? '\u0001\0' : `${typeof value === 'object' ? JSON.stringify(value) : value}\0`
      }
      let outcome = outcomes.get(key)
      if (outcome === undefined) {
        outcome = matcher.test(recordOf(needed, part, row))
        if (outcomes.size >= maxRemembered) outcomes.clear()
        outcomes.set(key, outcome)
      }
      if (outcome === 'match') hits.add(part, row, needed.length)
      else if (outcome === 'maybe') hits.undetermined += part.weights[row] ?? 1
    }
  }
  const { compactFromMs } = await store.stats()
  const firstMs = Math.max(range.fromMs, whole?.firstSeenMs ?? range.toMs, records === 'all' ? (compactFromMs ?? 0) : 0)
  return {
    ...hits.figures(),
    total: whole?.values[0] ?? 0,
    measuredOn: records === 'all' ? 'compact' : 'full',
    hours: Math.max(0, range.toMs - firstMs) / hourMs,
    unreplayable: unreplayableInputs(rule),
  }
}

function recordOf(names: readonly string[], part: ScanPart, row: number): Record<string, AttributeValue> {
  const attributes = Object.create(null) as Record<string, AttributeValue>
  for (const [column, name] of names.entries()) {
    const value = part.values[column]?.[row] ?? null
    if (value !== null) attributes[name] = value
  }
  return attributes
}

function scopeQuery({ services = [], envs = [], query = '' }: ReplayRequest): string {
  return [
    ...(services.length === 0 ? [] : [anyValue('service', services)]),
    ...(envs.length === 0 ? [] : [anyValue('env', envs)]),
    ...(query === '' ? [] : [`(${query})`]),
  ].join(' ')
}

/** What has matched so far. */
class Hits {
  undetermined = 0
  readonly #intervalMs: number
  readonly #course = new Map<number, number>()
  readonly #traceIds: string[] = []
  readonly #users = new Set<string>()
  #matched = 0
  #logins = 0

  constructor({ fromMs, toMs }: TimeRange) {
    this.#intervalMs = Math.max(minIntervalMs, Math.ceil((toMs - fromMs) / buckets / minIntervalMs) * minIntervalMs)
  }

  /** The record in this row; from column `at` on stand its activities, user id and login. */
  add({ timestampMs, traceIds, weights, values }: ScanPart, row: number, at: number): void {
    const weight = weights[row] ?? 1
    this.#matched += weight
    const startMs = Math.floor((timestampMs[row] ?? 0) / this.#intervalMs) * this.#intervalMs
    this.#course.set(startMs, (this.#course.get(startMs) ?? 0) + weight)
    this.#traceIds.push(traceIds[row] ?? '')
    if (this.#traceIds.length > maxTraceIds) this.#traceIds.shift()
    if (![values[at]?.[row]].flat().includes(success)) return
    this.#logins += weight
    const user = values[at + 1]?.[row] ?? values[at + 2]?.[row] ?? null
    if (user !== null && this.#users.size < maxUsers) this.#users.add(String(user))
  }

  figures(): Pick<
    ReplayResult,
    'matched' | 'undetermined' | 'successfulLogins' | 'users' | 'intervalMs' | 'series' | 'traceIds'
  > {
    return {
      matched: this.#matched,
      undetermined: this.undetermined,
      successfulLogins: this.#logins,
      users: this.#users.size,
      intervalMs: this.#intervalMs,
      series: [...this.#course].sort(([one], [other]) => one - other),
      traceIds: this.#traceIds,
    }
  }
}
