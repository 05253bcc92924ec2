import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Metrics } from '../metrics.ts'
import type { Store } from '../store/store.ts'
import type { Access } from './access.ts'
import { isLoopback } from './gate.ts'
import { route } from './route.ts'
import { object, count, text } from './schema.ts'

interface HealthParts {
  readonly store: Store
  readonly metrics: Metrics
  readonly access: Access
}

/** `/healthz`, `/readyz`, `/metrics`. Until the stores are open, the listener answers for them (listener.ts). */
export function healthRoutes(server: FastifyInstance, { store, metrics, access }: HealthParts): void {
  const tag = 'operation'
  const open = { tag, access: 'public' } as const

  server.get(
    '/healthz',
    route({ ...open, summary: 'Whether the process answers', reply: object({ status: text }) }),
    async () => ({ status: 'ok' }),
  )
  server.get(
    '/readyz',
    route({
      ...open,
      summary: 'Whether the stores are open and answer; 503 while they are read at start',
      reply: object({ status: text, records: count }),
    }),
    async () => {
      const { records } = await store.stats()
      return { status: 'ready', records }
    },
  )
  server.get(
    '/metrics',
    route({
      ...open,
      summary: 'Counts in the text format of Prometheus; from beyond this machine with a token',
      alsoAs: ['text/plain'],
    }),
    async (request, reply) => {
      if (!isLocal(request)) access.principal(request)
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.render())
    },
  )
}

/** A proxy on this machine passes on what comes from elsewhere. */
function isLocal({ ip, headers }: FastifyRequest): boolean {
  return isLoopback(ip) && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined
}
