import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { ConnectedTracer, RemoteConfigServer } from '../remote-config/remote-config.ts'
import { readReply, type WafReply } from '../../model/waf-rule.ts'
import { readServices } from '../service-view.ts'
import type { AutoUserMode, ServiceSettings, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import type { Principal } from './access.ts'
import { auditOf } from './audit.ts'
import { autoUserModes } from './components.ts'
import { idParams, route } from './route.ts'
import {
  array,
  count,
  flag,
  instant,
  instantOrNull,
  map,
  number,
  object,
  oneOf,
  orNull,
  page,
  ref,
  text,
  type Schema,
} from './schema.ts'

interface ServiceParts {
  readonly state: State
  readonly store: Store
  readonly remoteConfig: RemoteConfigServer
  readonly clock: Clock
}

interface ServicePatch {
  readonly appsec?: { readonly enabled: boolean | null }
  readonly autoUserMode?: AutoUserMode | null
  readonly clientIpVerified?: boolean
  readonly denylistReply?: WafReply | null
  /** Only in this environment. */
  readonly env?: string
}

const lookBackMs = 24 * 3_600_000
const maxNameLength = 200
const maxNames = 1_000

const name = { type: 'string', minLength: 1, maxLength: maxNameLength } as const
const patch = {
  appsec: object({ enabled: orNull(flag) }),
  autoUserMode: oneOf(...autoUserModes, null),
  clientIpVerified: flag,
  denylistReply: orNull(ref('WafReply')),
  env: name,
}
const settings = {
  appsec: object({ enabled: orNull(flag) }),
  autoUserMode: oneOf(...autoUserModes, null),
  clientIpVerified: flag,
  denylistReply: { ...orNull(ref('WafReply')), description: 'how the denylist answers; null: with the block page' },
  envs: map(ref('EnvSettings')),
}
const serviceSettings = object({ name: text, ...settings })
const seenService: Schema = object({
  name: text,
  spans: count,
  lastSeen: instantOrNull,
  versions: array(object({ env: text, version: text, lastSeen: instant })),
  ...settings,
  tracers: array(ref('Tracer')),
  findings: array(object({ code: text, says: text, share: number })),
})

/** `/api/services`: who sends spans, which tracers are connected, and what is switched for them. */
export function serviceRoutes(server: FastifyInstance, { state, store, remoteConfig, clock }: ServiceParts): void {
  const tag = 'services'
  const optional = Object.keys(patch)

  server.get(
    '/api/services',
    route({
      summary: 'Services of the last day: versions, tracers and what they applied, settings, what their events lack',
      tag,
      reply: page(seenService),
    }),
    async () => {
      const toMs = clock.nowMs() + 60_000
      const [seen, documents] = await Promise.all([
        readServices(store, { fromMs: toMs - lookBackMs, toMs }),
        state.documents('service'),
      ])
      const tracers = remoteConfig.tracers()
      const names = new Set([
        ...seen.map((service) => service.name),
        ...tracers.map(({ service }) => service),
        ...documents.map(({ id }) => id),
      ])
      const items = [...names].sort().map((name) => {
        const found = seen.find((service) => service.name === name)
        return {
          ...shownSettings(documents.find(({ id }) => id === name) ?? untouched(name)),
          spans: found?.spans ?? 0,
          lastSeen: found === undefined ? null : new Date(found.lastSeenMs).toISOString(),
          versions: (found?.versions ?? []).map(({ env, version, lastSeenMs }) => ({
            env,
            version,
            lastSeen: new Date(lastSeenMs).toISOString(),
          })),
          tracers: tracers.filter(({ service }) => service === name).map(shownTracer),
          findings: found?.findings ?? [],
        }
      })
      return { items, next: null }
    },
  )

  const change = async (
    names: readonly string[],
    wanted: ServicePatch,
    principal: Principal,
  ): Promise<readonly object[]> => {
    for (const whole of ['clientIpVerified', 'denylistReply'] as const) {
      if (wanted.env === undefined || wanted[whole] === undefined) continue
      throw fail('REQUEST_INVALID', whole, 'holds for a service in all environments')
    }
    if (wanted.denylistReply !== undefined && wanted.denylistReply !== null) {
      readReply(wanted.denylistReply, 'denylistReply', (path, why) => {
        throw fail('REQUEST_INVALID', path, why)
      })
    }
    const changes = await Promise.all(
      [...new Set(names)].map(async (name) => {
        const before = (await state.document('service', name)) ?? untouched(name)
        return { before, after: changed(before, wanted) }
      }),
    )
    await state.commit({
      documents: changes.map(({ after }) => ({ kind: 'service', put: after })),
      audit: changes.map(({ before, after }) =>
        auditOf(clock, principal, { action: 'service.set', subject: after.id, before, after }),
      ),
    })
    return changes.map(({ after }) => shownSettings(after))
  }

  server.patch<{ Params: { name: string }; Body: ServicePatch }>(
    '/api/services/:name',
    route({
      summary: 'Switch AppSec and automatic users on or off by remote configuration; null leaves it to the service',
      tag,
      access: 'admin',
      params: idParams('name', { maxLength: maxNameLength }),
      body: { ...object(patch, optional), minProperties: 1 },
      reply: serviceSettings,
    }),
    async ({ params, body, principal }) => (await change([params.name], body, principal))[0],
  )

  server.patch<{ Body: ServicePatch & { readonly names: readonly string[] } }>(
    '/api/services',
    route({
      summary: 'The same for several services at once',
      tag,
      access: 'admin',
      body: {
        ...object({ names: array(name, { minItems: 1, maxItems: maxNames }), ...patch }, optional),
        minProperties: 2,
      },
      reply: object({ items: array(serviceSettings) }),
    }),
    async ({ body: { names, ...wanted }, principal }) => ({ items: await change(names, wanted, principal) }),
  )
}

function changed(before: ServiceSettings, { env, ...wanted }: ServicePatch): ServiceSettings {
  if (env === undefined) return { ...before, ...wanted }
  const { clientIpVerified: _verified, denylistReply: _reply, ...ofEnv } = wanted
  const envs = new Map(Object.entries(before.envs ?? {}))
  envs.set(env, { ...envs.get(env), ...ofEnv })
  return { ...before, envs: Object.fromEntries(envs) }
}

function shownSettings(settings: ServiceSettings): object {
  const { id, appsec, clientIpVerified, autoUserMode = null, denylistReply = null, envs = {} } = settings
  return { name: id, appsec, autoUserMode, clientIpVerified, denylistReply, envs }
}

/** A tracer as the API and its events show it. */
function shownTracer({ firstSeenMs, lastSeenMs, appliedThroughMs: _through, ...others }: ConnectedTracer): object {
  return {
    ...others,
    firstSeen: new Date(firstSeenMs).toISOString(),
    lastSeen: new Date(lastSeenMs).toISOString(),
  }
}

function untouched(name: string): ServiceSettings {
  return { id: name, appsec: { enabled: null }, clientIpVerified: false }
}
