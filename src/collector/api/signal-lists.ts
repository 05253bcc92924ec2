import type { FastifyInstance } from 'fastify'
import type { ListRequest, SignalLists } from '../detect/signal-lists.ts'
import type { SignalFacts, Page, State } from '../state/state.ts'
import { formatQuery, sendList, type Columns, type ListQuery } from './list-reply.ts'
import { pageQuery } from './paging.ts'
import { idParams, route } from './route.ts'
import {
  count,
  flag,
  instant,
  instantOrNull,
  object,
  oneOf,
  orNull,
  page,
  ref,
  text,
  textOrNull,
  type Schema,
} from './schema.ts'
import { signalNamed } from './signals.ts'

interface SignalList<T> {
  readonly path: string
  readonly summary: string
  readonly item: Schema
  readonly read: (signal: SignalFacts, page: ListRequest, query: OrderQuery) => Promise<Page<T>>
  readonly columns: Columns<T>
  /** Query parameters beside those of every list. */
  readonly query?: typeof orderQuery
}

const orderQuery = {
  order: { enum: ['oldest', 'newest'], default: 'oldest', description: 'which comes first' },
} as const

interface OrderQuery {
  readonly order?: 'oldest' | 'newest'
}

/** `/api/signals/{id}/{users,ips,compromised-users,timeline}`: complete lists, as CSV too. */
export function signalListRoutes(
  server: FastifyInstance,
  { state, lists }: { readonly state: State; readonly lists: SignalLists },
): void {
  const list = <T>({ path, summary, item, columns, read, query: more }: SignalList<T>): void => {
    server.get<{ Params: { id: string }; Querystring: ListQuery & OrderQuery }>(
      `/api/signals/:id/${path}`,
      route({
        summary,
        tag: 'signals',
        params: idParams(),
        query: { ...pageQuery, ...formatQuery, ...more },
        reply: page(item),
        alsoAs: ['text/csv'],
      }),
      async ({ params, query }, reply) => {
        const signal = await signalNamed(state, params.id)
        return sendList<T>(reply, query, { name: path, columns, read: (wanted) => read(signal, wanted, query) })
      },
    )
  }

  list({
    path: 'users',
    summary: 'Whose accounts were tried, most attempts first',
    item: object({
      usrLogin: text,
      usrId: textOrNull,
      exists: orNull(flag),
      attempts: count,
      ips: count,
      firstSeen: instant,
      lastSeen: instant,
      compromised: flag,
      role: textOrNull,
      org: textOrNull,
    }),
    read: (signal, wanted) => lists.users(signal, wanted),
    columns: {
      usr_login: ({ usrLogin }) => usrLogin,
      usr_id: ({ usrId }) => usrId,
      exists: ({ exists }) => exists,
      attempts: ({ attempts }) => attempts,
      ips: ({ ips }) => ips,
      first_seen: ({ firstSeen }) => firstSeen,
      last_seen: ({ lastSeen }) => lastSeen,
      compromised: ({ compromised }) => compromised,
      role: ({ role }) => role,
      org: ({ org }) => org,
    },
  })
  list({
    path: 'ips',
    summary: 'Where the attempts came from, most attempts first',
    item: object({
      ip: text,
      country: textOrNull,
      asn: textOrNull,
      attempts: count,
      users: count,
      successes: count,
      threatIntel: flag,
      blocked: count,
    }),
    read: (signal, wanted) => lists.ips(signal, wanted),
    columns: {
      ip: ({ ip }) => ip,
      country: ({ country }) => country,
      asn: ({ asn }) => asn,
      attempts: ({ attempts }) => attempts,
      users: ({ users }) => users,
      successes: ({ successes }) => successes,
      threat_intel: ({ threatIntel }) => threatIntel,
      blocked: ({ blocked }) => blocked,
    },
  })
  list({
    path: 'compromised-users',
    summary: 'Logins that succeeded as part of the campaign, oldest first',
    item: object({
      usrLogin: text,
      usrId: textOrNull,
      at: instant,
      ip: text,
      traceId: text,
      state: oneOf('open', 'reset', 'cleared'),
      stateBy: textOrNull,
      stateAt: instantOrNull,
    }),
    read: (signal, wanted) => lists.compromisedUsers(signal, wanted),
    columns: {
      usr_login: ({ usrLogin }) => usrLogin,
      usr_id: ({ usrId }) => usrId,
      at: ({ at }) => at,
      ip: ({ ip }) => ip,
      trace_id: ({ traceId }) => traceId,
      state: ({ state }) => state,
      state_by: ({ stateBy }) => stateBy,
      state_at: ({ stateAt }) => stateAt,
    },
  })
  list({
    path: 'timeline',
    summary: 'Everything that happened to the signal',
    query: orderQuery,
    item: ref('TimelineEntry'),
    read: ({ id }, wanted, { order }) => state.timeline(id, { ...wanted, newestFirst: order === 'newest' }),
    columns: { at: ({ at }) => at, by: ({ by }) => by, kind: ({ kind }) => kind, text: ({ text }) => text },
  })
}
