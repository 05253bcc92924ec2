import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import type { DenylistKind } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import type { ManagedWafRule } from '../../model/waf-rule.ts'
import { acknowledgements, unprotectedServices } from '../acknowledgements.ts'
import { readBlastRadius } from '../blast-radius.ts'
import { readCourse } from '../mitigation.ts'
import { offsetOf } from '../page-offset.ts'
import type { RemoteConfigServer } from '../remote-config/remote-config.ts'
import type { Responder, Selected } from '../respond/respond.ts'
import type { WafRules } from '../respond/waf-rules.ts'
import type { EntryGroup, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { isInForce, wireRuleIds } from '../wire-rule.ts'
import { entryKinds } from './components.ts'
import { leftOutSchema, shownLeftOut } from './left-out.ts'
import { pageQuery, type PageQuery } from './paging.ts'
import { route } from './route.ts'
import {
  array,
  count,
  flag,
  instant,
  instantOrNull,
  map,
  object,
  oneOf,
  orNull,
  page,
  point,
  ref,
  text,
  type Schema,
} from './schema.ts'
import { signalNamed } from './signals.ts'
import { printInterval } from './time-range.ts'

interface MitigationParts {
  readonly store: Store
  readonly state: State
  readonly responder: Pick<Responder, 'select'>
  readonly wafRules: WafRules
  readonly remoteConfig: RemoteConfigServer
  readonly clock: Clock
}

/** Entries of one group whose hits are counted; of more, those of the newest. */
const maxEntries = 20_000
/** Entries of a group that the reply shows; all of them: /api/denylist?signalId=. */
const maxShown = 100
const dayMs = 86_400_000
const longestMs = 7 * dayMs
/** What stopped nobody for so long is left over from an attack that ended. */
const quietMs = 3 * dayMs
/** Values of one preview. */
const maxValues = 100_000

const mitigation: Schema = object({
  signal: orNull(ref('Signal')),
  entries: { ...array(ref('Entry')), description: `the newest ${maxShown}; all: /api/denylist?signalId=` },
  entryCount: count,
  byKind: map(count),
  rules: array(object({ id: text, name: text, mode: text, version: count, endsAt: instantOrNull })),
  since: instant,
  endsAt: { ...instantOrNull, description: 'the last end; null when something has none' },
  interval: text,
  hits: array(point),
  attack: array(point),
  hitCount: count,
  hitsOutsideWaves: { ...count, description: 'stopped while the attack rested: probably ordinary users' },
  lastHit: instantOrNull,
  cleanUp: { ...flag, description: 'quiet for three days: nothing is stopped any more' },
  acknowledgements: array(ref('Acknowledgement')),
  incomplete: { ...flag, description: `the hits of the newest ${maxEntries} entries only` },
})

interface PreviewBody {
  readonly kind?: DenylistKind
  readonly values?: readonly string[]
  readonly signalId?: string
  readonly selection?: 'ips' | 'users' | 'compromisedUsers'
  readonly days?: number
}

/** `/api/mitigations`: what is blocked now, by signal, what it stops, and what another block would have stopped. */
export function mitigationRoutes(server: FastifyInstance, parts: MitigationParts): void {
  const { store, state, responder, wafRules, remoteConfig, clock } = parts

  server.get<{ Querystring: PageQuery & { signalId?: string } }>(
    '/api/mitigations',
    route({
      summary: 'Active blocks and rules by signal: their end, what they stopped beside the attack, probable users',
      tag: 'response',
      query: {
        ...pageQuery,
        limit: { type: 'integer', minimum: 1, maximum: 100, default: 25 },
        signalId: { ...text, description: 'only what answers this signal' },
      },
      reply: page(mitigation),
    }),
    async ({ query }) => {
      const nowMs = clock.nowMs()
      const rules = wafRules.list().filter((rule) => isInForce(rule, nowMs))
      const groups = (await groupsOf(parts, rules, nowMs)).filter(
        ({ signalId }) => query.signalId === undefined || signalId === query.signalId,
      )
      const { limit } = query
      const start = offsetOf(query)
      const items: unknown[] = []
      for (const group of groups.slice(start, start + limit)) {
        const own = rules.filter(({ origin }) => origin.signalId === group.signalId)
        items.push(await shownGroup(parts, group, own, nowMs))
      }
      return { items, next: start + limit < groups.length ? String(start + limit) : null }
    },
  )

  server.post<{ Body: PreviewBody }>(
    '/api/mitigations/preview',
    route({
      summary:
        'What blocking these values, or what is selected of a signal, would have stopped in the last days, outside of the attack of that signal',
      tag: 'response',
      body: object(
        {
          kind: oneOf(...entryKinds),
          values: array({ type: 'string', minLength: 1, maxLength: 2_000 }, { minItems: 1, maxItems: maxValues }),
          signalId: text,
          selection: oneOf('ips', 'users', 'compromisedUsers'),
          days: { type: 'integer', minimum: 1, maximum: 90, default: 7 },
        },
        ['kind', 'values', 'signalId', 'selection', 'days'],
      ),
      reply: object({
        days: count,
        values: { ...count, description: 'values that were looked at' },
        selected: { ...count, description: 'values that would be blocked' },
        leftOut: leftOutSchema,
        requests: count,
        successfulLogins: count,
        users: count,
        interval: text,
        points: array(point),
        measuredOn: oneOf('full', 'compact'),
        withoutRemoteConfig: { ...array(text), description: 'services in which nothing can be blocked from here' },
      }),
    }),
    async ({ body }) => {
      const { days = 7 } = body
      const signal = body.signalId === undefined ? null : await signalNamed(state, body.signalId)
      const { kind, values, leftOut } = await previewed(responder, body)
      const toMs = clock.nowMs() + 1
      const range = { fromMs: toMs - days * dayMs, toMs }
      const except = signal === null ? {} : { except: signal.query }
      const { intervalMs, ...radius } = await readBlastRadius(store, { kind, values, ...except }, range)
      const named = signal?.group['service']
      const services =
        named === undefined
          ? await store.top(
              '',
              { fromMs: toMs - dayMs, toMs },
              { by: ['service'], aggregates: ['count'], limit: 1_000 },
            )
          : [{ group: { service: named } }]
      const names = services.map(({ group }) => group['service'] ?? '')
      return {
        days,
        ...radius,
        selected: values.length,
        leftOut: shownLeftOut(leftOut),
        interval: printInterval(intervalMs),
        measuredOn: 'full',
        withoutRemoteConfig: unprotectedServices(names, remoteConfig.tracers()),
      }
    },
  )
}

async function previewed(
  responder: MitigationParts['responder'],
  { kind, values, selection = 'ips', signalId }: PreviewBody,
): Promise<Selected> {
  if (values !== undefined) {
    if (kind === undefined) throw fail('REQUEST_INVALID', 'kind', 'say what the values are')
    return { kind, values, leftOut: [] }
  }
  if (signalId === undefined) throw fail('REQUEST_INVALID', 'values', 'name values, or a signal and what of it')
  return responder.select(signalId, { selection, ...(kind === undefined ? {} : { kind }) })
}

/** Groups of entries, and of signals that only rules answer. */
async function groupsOf(
  { state }: MitigationParts,
  rules: readonly ManagedWafRule[],
  nowMs: number,
): Promise<readonly EntryGroup[]> {
  const groups = [...(await state.entryGroups('denylist', nowMs))]
  for (const { origin, createdAt } of rules) {
    if (groups.some(({ signalId }) => signalId === origin.signalId)) continue
    const firstMs = Date.parse(createdAt)
    groups.push({ signalId: origin.signalId, count: 0, byKind: {}, firstMs, endsAtMs: 0 })
  }
  return groups
}

async function shownGroup(
  { store, state, remoteConfig }: MitigationParts,
  group: EntryGroup,
  rules: readonly ManagedWafRule[],
  nowMs: number,
): Promise<object> {
  const filter = { activeAtMs: nowMs, signalId: group.signalId }
  const [signal, { items: entries, next }] = await Promise.all([
    group.signalId === null ? null : state.signal(group.signalId),
    state.entries('denylist', filter, { limit: maxEntries }),
  ])
  const begins = [group.firstMs, ...rules.map(({ createdAt }) => Date.parse(createdAt))]
  const sinceMs = Math.min(...begins)
  const fromMs = Math.min(sinceMs, signal === null ? nowMs : Date.parse(signal.firstSeen))
  const range = { fromMs: Math.max(fromMs, nowMs - longestMs) - 1, toMs: nowMs + 1 }
  const stopping = { entries, ruleIds: rules.flatMap(wireRuleIds) }
  const { intervalMs, lastHitMs, ...course } = await readCourse(store, stopping, signal, range)
  const lastDecidedMs = Math.max(
    ...entries.slice(0, 1).map(({ createdAt }) => Date.parse(createdAt)),
    ...rules.map(({ updatedAt }) => Date.parse(updatedAt)),
    0,
  )
  return {
    signal,
    entries: entries.slice(0, maxShown),
    entryCount: group.count,
    byKind: group.byKind,
    rules: rules.map(({ id, name, mode, version, endsAt }) => ({ id, name, mode, version, endsAt })),
    since: new Date(sinceMs).toISOString(),
    endsAt: lastEnd(group, rules),
    interval: printInterval(intervalMs),
    ...course,
    lastHit: lastHitMs === null ? null : new Date(lastHitMs).toISOString(),
    cleanUp: nowMs - Math.max(lastHitMs ?? 0, sinceMs) > quietMs,
    acknowledgements: acknowledgements(remoteConfig.tracers(), lastDecidedMs, signal?.group['service']),
    incomplete: next !== null,
  }
}

function lastEnd({ count: entries, endsAtMs }: EntryGroup, rules: readonly ManagedWafRule[]): string | null {
  const ends = [...(entries === 0 ? [] : [endsAtMs]), ...rules.map(({ endsAt }) => endsAt && Date.parse(endsAt))]
  let last = 0
  for (const end of ends) {
    if (typeof end !== 'number') return null
    last = Math.max(last, end)
  }
  return new Date(last).toISOString()
}
