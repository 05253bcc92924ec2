import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { acknowledgements } from '../acknowledgements.ts'
import { offsetOf } from '../page-offset.ts'
import type { RemoteConfigServer } from '../remote-config/remote-config.ts'
import { readHits } from '../response-hits.ts'
import type { WafRules } from '../respond/waf-rules.ts'
import type { ResponseRecord, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { stoppingIds } from '../wire-rule.ts'
import { pageQuery } from './paging.ts'
import { idParams, route } from './route.ts'
import { array, object, page, ref, textOrNull, text, count, instant, instantOrNull, orNull } from './schema.ts'
import { signalNamed } from './signals.ts'

/** `/api/signals/{id}/responses`: what was done about a signal, and which tracers enforce it. */
export function signalResponseRoutes(
  server: FastifyInstance,
  parts: {
    readonly state: State
    readonly store: Store
    readonly wafRules: Pick<WafRules, 'list'>
    readonly remoteConfig: RemoteConfigServer
    readonly clock: Clock
  },
): void {
  const { state, store, wafRules, remoteConfig, clock } = parts
  server.get<{ Params: { id: string }; Querystring: { limit: number; cursor?: string } }>(
    '/api/signals/:id/responses',
    route({
      summary:
        'Responses to a signal, newest first, with the requests that each stopped, and the tracers that enforce it',
      tag: 'signals',
      params: idParams(),
      query: pageQuery,
      reply: page(
        object({
          id: text,
          signalId: text,
          entryId: textOrNull,
          kind: text,
          value: text,
          by: text,
          at: instant,
          until: instantOrNull,
          undoneAt: instantOrNull,
          why: text,
          collateralUsers: count,
          hits: { ...orNull(count), description: 'requests that it stopped; null: it stops none, such as a flag' },
          acknowledgements: array(ref('Acknowledgement')),
        }),
      ),
    }),
    async ({ params, query }) => {
      const signal = await signalNamed(state, params.id)
      const all = [...(await state.responses({ signalId: signal.id }))].reverse()
      const { limit } = query
      const start = offsetOf(query)
      const end = start + limit
      const shownOnes = all.slice(start, end)
      const ruleIdsOf = (id: string): readonly string[] => stoppingIds(wafRules.list(), id)
      const hits = await readHits(store, shownOnes, { nowMs: clock.nowMs(), ruleIdsOf })
      const tracers = remoteConfig.tracers()
      const shown = (response: ResponseRecord): object => ({
        ...response,
        hits: hits.get(response.id) ?? null,
        acknowledgements: acknowledgements(
          tracers,
          Date.parse(response.undoneAt ?? response.at),
          signal.group['service'],
        ),
      })
      return { items: shownOnes.map(shown), next: end < all.length ? String(end) : null }
    },
  )
}
