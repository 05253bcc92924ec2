import type { FastifyInstance } from 'fastify'
import { acknowledgements } from '../acknowledgements.ts'
import type { RemoteConfigServer } from '../remote-config/remote-config.ts'
import type { ResponseRecord, State } from '../state/state.ts'
import { pageQuery, pageOf } from './paging.ts'
import { idParams, route } from './route.ts'
import { array, object, page, ref, textOrNull, text, count, instant, instantOrNull } from './schema.ts'
import { signalNamed } from './signals.ts'

/** `/api/signals/{id}/responses`: what was done about a signal, and which tracers enforce it. */
export function signalResponseRoutes(
  server: FastifyInstance,
  { state, remoteConfig }: { readonly state: State; readonly remoteConfig: RemoteConfigServer },
): void {
  server.get<{ Params: { id: string }; Querystring: { limit: number; cursor?: string } }>(
    '/api/signals/:id/responses',
    route({
      summary: 'Responses to a signal, newest first, with the tracers that enforce each, out of those connected',
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
          acknowledgements: array(ref('Acknowledgement')),
        }),
      ),
    }),
    async ({ params, query }) => {
      const signal = await signalNamed(state, params.id)
      const all = [...(await state.responses({ signalId: signal.id }))].reverse()
      const { limit, cursor = '0' } = pageOf(query)
      const start = /^\d{1,9}$/.test(cursor) ? Number(cursor) : 0
      const tracers = remoteConfig.tracers()
      const shown = (response: ResponseRecord): object => ({
        ...response,
        acknowledgements: acknowledgements(
          tracers,
          Date.parse(response.undoneAt ?? response.at),
          signal.group['service'],
        ),
      })
      const end = start + limit
      return { items: all.slice(start, end).map(shown), next: end < all.length ? String(end) : null }
    },
  )
}
