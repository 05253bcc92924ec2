import type { Clock } from '../../model/clock.ts'
import { attribute, businessLogicActivity, type SpanRecord } from '../../model/span-record.ts'
import { eventName } from '../../model/tags.ts'
import type { WafRoute, WafRuleObject } from '../../model/waf-rule.ts'
import { anyValue } from '../campaign.ts'
import type { WafClock } from '../../waf/waf.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { wireRules } from '../wire-rule.ts'
import { explainRecord, type RecordExplanation } from './explain-record.ts'
import { preselect } from './preselect.ts'
import { readRecords } from './read-records.ts'
import { RuleMatcher } from './rule-matcher.ts'
import { unreplayableInputs, type UnreplayableInput } from './rule-inputs.ts'

/** What is asked: would this rule have matched, on these routes of these services (empty: all), in this time? */
export interface ReplayRequest {
  /** A rule of the libddwaf format, or just its conditions. */
  readonly rule: WafRuleObject
  readonly routes?: readonly WafRoute[]
  readonly services?: readonly string[]
  readonly envs?: readonly string[]
  readonly range: TimeRange
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
  /** Some of the matched requests, newest last. */
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
    explain: (rule, record) => explainRecord(rule, record, wafClock),
  }
}

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
  const { rule, routes = [], range } = request
  const rules = wireRules({ id: 'replayed', name: 'replayed', rule, routes }, [])
  const matcher = new RuleMatcher(rules, clock)
  const scope = scopeQuery(request)
  const [whole] = await store.top(scope, range, { by: [], aggregates: ['count'], limit: 1 })
  const result = new Hits(range)
  for await (const records of readRecords(store, `${scope} ${preselect(rules)}`, range, signal)) {
    for (const record of records) {
      const outcome = matcher.test(record.attributes)
      if (outcome === 'match') result.add(record)
      else if (outcome === 'maybe') result.undetermined++
    }
  }
  return {
    ...result.figures(),
    total: whole?.values[0] ?? 0,
    measuredOn: 'full',
    hours: whole === undefined ? 0 : Math.max(0, range.toMs - Math.max(range.fromMs, whole.firstSeenMs)) / hourMs,
    unreplayable: unreplayableInputs(rule),
  }
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

  add({ timestampMs, traceId, attributes }: SpanRecord): void {
    this.#matched++
    const startMs = Math.floor(timestampMs / this.#intervalMs) * this.#intervalMs
    this.#course.set(startMs, (this.#course.get(startMs) ?? 0) + 1)
    this.#traceIds.push(traceId)
    if (this.#traceIds.length > maxTraceIds) this.#traceIds.shift()
    const activities = attributes[attribute.activity]
    if (!Array.isArray(activities) || !activities.includes(success)) return
    this.#logins++
    const user = attributes[attribute.userId] ?? attributes[attribute.login]
    if (user !== undefined && this.#users.size < maxUsers) this.#users.add(String(user))
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
