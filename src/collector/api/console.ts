import swagger from '@fastify/swagger'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type RouteOptions } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { ClusterDoors } from '../cluster/doors.ts'
import type { RuleBook } from '../detect/rule-book.ts'
import type { SignalLists } from '../detect/signal-lists.ts'
import type { ThreatIntelLists } from '../enrich/keep-threat-intel.ts'
import type { Metrics } from '../metrics.ts'
import type { Notifier } from '../notify/notify.ts'
import type { Outbound } from '../outbound.ts'
import type { RemoteConfigServer } from '../remote-config/remote-config.ts'
import type { Replayer } from '../replay/replay.ts'
import type { Responder } from '../respond/respond.ts'
import type { WafRules } from '../respond/waf-rules.ts'
import type { Settings } from '../settings.ts'
import type { State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { requireRole, type Access, type Principal } from './access.ts'
import { auditRoutes } from './audit.ts'
import { blockedRoutes } from './blocked.ts'
import { componentSchemas } from './components.ts'
import { consoleFiles } from './console-files.ts'
import { clusterRoutes } from './clusters.ts'
import { detectionRuleRoutes, type GuideOf } from './detection-rules.ts'
import { entityRoutes } from './entities.ts'
import { eventRoutes } from './events.ts'
import { checkHost } from './gate.ts'
import { healthRoutes } from './health.ts'
import { repeatReplies } from './idempotency.ts'
import { keyRoutes } from './keys.ts'
import { listRoutes } from './lists.ts'
import { mitigationRoutes } from './mitigations.ts'
import { overviewRoutes } from './overview.ts'
import { notificationRoutes } from './notifications.ts'
import { sendProblem } from './problem.ts'
import { serviceRoutes } from './services.ts'
import { sessionRoutes } from './sessions.ts'
import { settingsRoutes } from './settings.ts'
import type { SignIn } from './sign-in.ts'
import { signInPage } from './sign-in-page.ts'
import { signalRoutes } from './signals.ts'
import { signalResponseRoutes } from './signal-responses.ts'
import { signalListRoutes } from './signal-lists.ts'
import { signalReportRoutes } from './signal-report.ts'
import { compromisedStateRoutes } from './compromised-states.ts'
import { spanExportRoutes } from './span-exports.ts'
import { spanRoutes } from './spans.ts'
import { threatIntelRoutes } from './threat-intel.ts'
import { traceRoutes } from './traces.ts'
import { upkeepRoutes } from './upkeep.ts'
import { userRoutes } from './users.ts'
import { wafRuleRoutes } from './waf-rules.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes the call; set before any route of /api runs, except those that are public. */
    principal: Principal
  }
}

export interface ConsoleOptions {
  /** The data directory. */
  readonly dir: string
  readonly hosts: readonly string[]
  readonly version: string
  readonly log: FastifyBaseLogger
  readonly clock: Clock
  readonly access: Access
  readonly signIn: SignIn
  readonly settings: Settings
  /** Where browsers reach the console: sign-in links begin with it. */
  readonly publicUrl: string
  readonly secureCookies: boolean
  readonly store: Store
  readonly state: State
  readonly lists: SignalLists
  readonly clusters: ClusterDoors
  readonly rules: RuleBook
  readonly guideOf: GuideOf
  readonly responder: Responder
  readonly wafRules: WafRules
  readonly replayer: Replayer
  readonly remoteConfig: RemoteConfigServer
  readonly metrics: Metrics
  readonly threatIntel: ThreatIntelLists
  readonly notifier: Notifier
  readonly outbound: Outbound
}

/** Bodies of the API are small, bulk lists apart: 100,000 entries of about 200 bytes. */
const maxBodyBytes = 32 * 1024 * 1024

/** The app of the console listener: /api (spec/collector.md 5), described at /api/openapi.json, and the sign-in page. */
export async function createConsole(options: ConsoleOptions): Promise<FastifyInstance> {
  const { access, clock, hosts, log, version } = options
  const server = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    routerOptions: { maxParamLength: 2_000 },
    ajv: { customOptions: { removeAdditional: false, allowUnionTypes: true } },
  })
  // Replies are checked against their schemas in tests; at run time nothing is dropped from them.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data))
  server.setErrorHandler(sendProblem)
  server.setNotFoundHandler((request, reply) => sendProblem(fail('NOT_FOUND', request.url), request, reply))
  server.decorateRequest('principal')
  for (const schema of componentSchemas()) server.addSchema(schema)
  server.addHook('onRoute', checkDescription)
  server.addHook('onRequest', async (request, reply) => {
    checkHost(request.headers.host, hosts)
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    const needed = request.routeOptions.config.access ?? 'viewer'
    if (needed === 'public') return
    request.principal = access.principal(request)
    requireRole(request.principal, needed)
  })
  repeatReplies(server, () => clock.nowMs())
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Portcullis', version, description: 'See docs/api.md.' },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'portcullis_session' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, index) => (typeof $id === 'string' ? $id : `schema-${index}`),
    },
  })

  await server.register(async (api) => {
    spanRoutes(api, options)
    spanExportRoutes(api, options)
    traceRoutes(api, options)
    signalRoutes(api, options)
    signalListRoutes(api, options)
    signalReportRoutes(api, options)
    compromisedStateRoutes(api, options)
    clusterRoutes(api, options)
    signalResponseRoutes(api, options)
    entityRoutes(api, options)
    mitigationRoutes(api, options)
    blockedRoutes(api, options)
    eventRoutes(api, options)
    detectionRuleRoutes(api, options)
    listRoutes(api, 'denylist', options)
    listRoutes(api, 'passlist', options)
    wafRuleRoutes(api, options)
    serviceRoutes(api, options)
    threatIntelRoutes(api, options)
    notificationRoutes(api, options)
    overviewRoutes(api, options)
    settingsRoutes(api, options)
    auditRoutes(api, options)
    upkeepRoutes(api, options)
    userRoutes(api, options)
    sessionRoutes(api, options)
    keyRoutes(api, options)
    healthRoutes(api, options)
    signInPage(api)
    consoleFiles(api)
    api.get('/api/openapi.json', { schema: { hide: true }, config: { access: 'public' } }, async () => server.swagger())
  })
  return server
}

/** A route of the API that is not described whole, or says nothing of who may call it, does not get registered. */
function checkDescription(options: RouteOptions): void {
  const { summary, response, hide } = (options.schema ?? {}) as Record<string, unknown>
  const isDescribed = hide === true || (typeof summary === 'string' && response !== undefined)
  if (!isDescribed || options.config?.access === undefined) {
    throw new TypeError(`${String(options.method)} ${options.url} has no description`)
  }
}
