import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import type { DenylistEntry } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import type { Signal, SignalResponse } from '../../model/signal.ts'
import { formatIp, parseIp } from '../../net/ip.ts'
import { campaignRange } from '../campaign.ts'
import { entityQuery, readActivity, type EntityActivity, type EntityKind, type Observed } from '../entity.ts'
import type { ListName, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { route } from './route.ts'
import { array, count, instant, instantOrNull, object, oneOf, point, ref, text, when } from './schema.ts'
import { parseRange } from './time-range.ts'

interface EntityParts {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
}

/** Recent signals that are asked whether the entity takes part, each with one query. */
const maxSignals = 100
const maxEntries = 1_000

const observed = array(object({ value: text, count, firstSeen: instant, lastSeen: instant }))
const activity = {
  requests: count,
  firstSeen: instantOrNull,
  lastSeen: instantOrNull,
  successes: count,
  failures: count,
  blocked: count,
  services: observed,
  routes: observed,
  ips: observed,
  logins: observed,
  userIds: observed,
  networks: observed,
  countries: observed,
  userAgents: observed,
  threatIntel: observed,
}

/** `/api/entities/{user,ip}/{value}`: all that is known of a user or an address (spec/collector.md 5). */
export function entityRoutes(server: FastifyInstance, parts: EntityParts): void {
  const { store, clock } = parts
  server.get<{ Params: { kind: EntityKind; value: string }; Querystring: { from?: string; to?: string } }>(
    '/api/entities/:kind/:value',
    route({
      summary: 'What a user (by id or login) or an address did, over 30 days unless from and to say otherwise',
      tag: 'explorer',
      params: {
        type: 'object',
        required: ['kind', 'value'],
        properties: { kind: oneOf('user', 'ip'), value: { type: 'string', minLength: 1, maxLength: 1_000 } },
      },
      query: { from: when, to: when },
      reply: object({
        kind: oneOf('user', 'ip'),
        value: text,
        from: instant,
        to: instant,
        ...activity,
        course: {
          ...object({ interval: text, successes: array(point), failures: array(point) }),
          description: 'logins by day, UTC',
        },
        signals: array(ref('Signal')),
        blocks: array(ref('Entry')),
        passes: array(ref('Entry')),
        flags: {
          ...array(ref('SignalResponse')),
          description: 'responses that flag it as suspicious at the moment; nothing is stopped for them',
        },
      }),
    }),
    async ({ params: { kind, value: given }, query: { from, to } }) => {
      const value = kind === 'ip' ? canonicalIp(given) : given
      const query = entityQuery(kind, value)
      const range = parseRange(from ?? 'now-30d', to, clock.nowMs())
      const [known, signals, blocks, passes] = await Promise.all([
        readActivity(store, query, range),
        signalsOf(parts, query, value, range.fromMs),
        entriesOf(parts.state, 'denylist', value),
        entriesOf(parts.state, 'passlist', value),
      ])
      return {
        kind,
        value,
        from: new Date(range.fromMs).toISOString(),
        to: new Date(range.toMs).toISOString(),
        ...shown(known),
        signals,
        blocks,
        passes,
        flags: flagsOf(signals, value, clock.nowMs()),
      }
    },
  )
}

function canonicalIp(given: string): string {
  const ip = parseIp(given)
  if (ip === undefined) throw fail('REQUEST_INVALID', 'value', `"${given}" is not an address`)
  return formatIp(ip)
}

/** Signals of the range that name the entity, or that it has events in. */
async function signalsOf(
  { state, store }: EntityParts,
  query: string,
  value: string,
  fromMs: number,
): Promise<readonly Signal[]> {
  const { items } = await state.signals({ fromMs }, { limit: maxSignals })
  const takesPart = await Promise.all(
    items.map(async (signal) => {
      if (Object.values(signal.group).includes(value)) return true
      if (signal.responses.some((response) => response.value === value)) return true
      const { records } = await store.search(`${query} (${signal.query})`, campaignRange(signal), { limit: 1 })
      return records.length > 0
    }),
  )
  return items.filter((_, index) => takesPart[index])
}

function flagsOf(signals: readonly Signal[], value: string, nowMs: number): readonly SignalResponse[] {
  return signals
    .flatMap(({ responses }) => responses)
    .filter((response) => response.kind === 'flag_ip' && response.value === value)
    .filter(({ until, undoneAt }) => undoneAt === null && (until === null || Date.parse(until) > nowMs))
}

async function entriesOf(state: State, list: ListName, value: string): Promise<readonly DenylistEntry[]> {
  return (await state.entries(list, { values: [value] }, { limit: maxEntries })).items
}

function shown(known: EntityActivity): object {
  const { firstSeenMs, lastSeenMs, course, ...others } = known
  return {
    ...Object.fromEntries(
      Object.entries(others).map(([name, value]) => [name, typeof value === 'number' ? value : value.map(shownValue)]),
    ),
    course: { interval: '1d', ...course },
    firstSeen: firstSeenMs === null ? null : new Date(firstSeenMs).toISOString(),
    lastSeen: lastSeenMs === null ? null : new Date(lastSeenMs).toISOString(),
  }
}

function shownValue({ value, count, firstSeenMs, lastSeenMs }: Observed): object {
  return {
    value,
    count,
    firstSeen: new Date(firstSeenMs).toISOString(),
    lastSeen: new Date(lastSeenMs).toISOString(),
  }
}
