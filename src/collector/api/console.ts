import swagger from '@fastify/swagger'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { SignalLists } from '../detect/signal-lists.ts'
import type { RemoteConfigServer } from '../remote-config/remote-config.ts'
import type { Responder } from '../respond/respond.ts'
import type { State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import type { Access, Principal } from './access.ts'
import { administrationRoutes } from './administration.ts'
import { eventRoutes } from './events.ts'
import { checkHost } from './gate.ts'
import { listRoutes } from './lists.ts'
import { sendProblem } from './problem.ts'
import { serviceRoutes } from './services.ts'
import { signalRoutes } from './signals.ts'
import { spanRoutes } from './spans.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes the call; set before any route of /api runs. */
    principal: Principal
  }
}

export interface ConsoleOptions {
  readonly hosts: readonly string[]
  readonly version: string
  readonly log: FastifyBaseLogger
  readonly clock: Clock
  readonly access: Access
  readonly store: Store
  readonly state: State
  readonly lists: SignalLists
  readonly responder: Responder
  readonly remoteConfig: RemoteConfigServer
}

/** Bodies of the API are small, bulk lists apart: 100,000 entries of about 200 bytes. */
const maxBodyBytes = 32 * 1024 * 1024

/** The listener of the API (spec/collector.md 5): every call needs a token, and is described at /api/openapi.json. */
export async function createConsoleListener(options: ConsoleOptions): Promise<FastifyInstance> {
  const { access, clock, hosts, log, remoteConfig, responder, state, store, version } = options
  const server = Fastify({
    loggerInstance: log,
    disableRequestLogging: true,
    bodyLimit: maxBodyBytes,
    ajv: { customOptions: { removeAdditional: false, allowUnionTypes: true } },
  })
  server.setErrorHandler(sendProblem)
  server.setNotFoundHandler((request, reply) => sendProblem(fail('NOT_FOUND', request.url), request, reply))
  server.decorateRequest('principal')
  server.addHook('onRequest', async (request, reply) => {
    checkHost(request.headers.host, hosts)
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    if (request.url.startsWith('/api/')) request.principal = access.principal(request.headers)
  })
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Portcullis', version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })

  await server.register(async (api) => {
    spanRoutes(api, { store, nowMs: () => clock.nowMs() })
    signalRoutes(api, options)
    listRoutes(api, 'denylist', { state, responder, clock })
    listRoutes(api, 'passlist', { state, responder, clock })
    serviceRoutes(api, { state, store, remoteConfig, clock })
    eventRoutes(api, { state, remoteConfig, clock })
    administrationRoutes(api, { state, clock })
    api.get('/api/openapi.json', { schema: { hide: true } }, async () => server.swagger())
  })
  server.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }))
  server.get('/readyz', { schema: { hide: true } }, async () => {
    const { records } = await store.stats()
    return { status: 'ready', records }
  })
  return server
}
