import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { RemoteConfigServer } from '../remote-config/remote-config.ts'
import type { ServiceSettings, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { requireRole } from './access.ts'

interface ServiceParts {
  readonly state: State
  readonly store: Store
  readonly remoteConfig: RemoteConfigServer
  readonly clock: Clock
}

const lookBackMs = 24 * 3_600_000

/** `/api/services`: who sends spans, which tracers are connected, and what is switched for them. */
export function serviceRoutes(server: FastifyInstance, { state, store, remoteConfig, clock }: ServiceParts): void {
  server.get('/api/services', async () => {
    const toMs = clock.nowMs() + 60_000
    const [seen, settings] = await Promise.all([
      store.top('', { fromMs: toMs - lookBackMs, toMs }, { by: ['service'], aggregates: ['count'], limit: 1_000 }),
      state.documents('service'),
    ])
    const tracers = remoteConfig.tracers()
    const names = new Set([
      ...seen.map(({ group }) => group['service'] ?? ''),
      ...tracers.map(({ service }) => service),
      ...settings.map(({ id }) => id),
    ])
    const items = [...names].sort().map((name) => {
      const row = seen.find(({ group }) => group['service'] === name)
      const own = settings.find(({ id }) => id === name) ?? untouched(name)
      return {
        name,
        spans: row?.values[0] ?? 0,
        lastSeen: row === undefined ? null : new Date(row.lastSeenMs).toISOString(),
        appsec: own.appsec,
        clientIpVerified: own.clientIpVerified,
        tracers: tracers.filter(({ service }) => service === name),
      }
    })
    return { items, next: null }
  })

  server.patch<{
    Params: { name: string }
    Body: { appsec?: { enabled: boolean | null }; clientIpVerified?: boolean }
  }>(
    '/api/services/:name',
    {
      schema: {
        body: {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          properties: {
            appsec: {
              type: 'object',
              required: ['enabled'],
              additionalProperties: false,
              properties: { enabled: { type: ['boolean', 'null'] } },
            },
            clientIpVerified: { type: 'boolean' },
          },
        },
      },
    },
    async (request) => {
      requireRole(request.principal, 'admin')
      const { name } = request.params
      if (name.length > 200) throw fail('REQUEST_INVALID', 'name', 'is longer than 200 characters')
      const before = (await state.document('service', name)) ?? untouched(name)
      const after: ServiceSettings = { ...before, ...request.body }
      await state.commit({
        documents: [{ kind: 'service', put: after }],
        audit: [
          {
            at: new Date(clock.nowMs()).toISOString(),
            by: request.principal.name,
            action: 'service.set',
            subject: name,
            before,
            after,
          },
        ],
      })
      return after
    },
  )
}

function untouched(name: string): ServiceSettings {
  return { id: name, appsec: { enabled: null }, clientIpVerified: false }
}
