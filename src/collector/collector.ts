import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import pino, { type Logger } from 'pino'
import type { Clock } from '../model/clock.ts'
import { errors, fail } from '../model/error.ts'
import { createAccess } from './api/access.ts'
import { newKey } from './api/administration.ts'
import { createAgentListener } from './api/agent.ts'
import { createConsoleListener } from './api/console.ts'
import { loadConfig, parseListen, type CollectorOptions } from './config.ts'
import { createDetection } from './detect/detection.ts'
import { createSignalLists } from './detect/signal-lists.ts'
import { loadThreatIntel } from './enrich/load-threat-intel.ts'
import { createPipeline } from './pipeline.ts'
import { createRemoteConfigServer } from './remote-config/server.ts'
import { createResponder } from './respond/responder.ts'
import { openState } from './state/duckdb/state.ts'
import type { State } from './state/state.ts'
import { openStore } from './store/duckdb/store.ts'
import { version } from '../model/version.ts'

export interface StartCollectorOptions {
  readonly options?: CollectorOptions
  /** A JSON file of settings. */
  readonly configFile?: string | undefined
}

/** A running collector. */
export interface Collector {
  readonly agentUrl: string
  readonly consoleUrl: string
  /** The admin token made at the first start when none was given; undefined otherwise. */
  readonly firstToken: string | undefined
  /** Stops accepting, finishes what is under way, closes the stores. */
  close(): Promise<void>
}

const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref()
    return () => clearTimeout(timer)
  },
}

/**
 * Starts a collector: opens the stores, begins to detect, listens. Rejects with PortcullisError: STORE_LOCKED,
 * STORE_CORRUPT, STORE_NEWER, DRIVER_MISSING, PORT_IN_USE, CONFIG_INVALID; nothing is left open then.
 */
export async function startCollector({ options, configFile }: StartCollectorOptions = {}): Promise<Collector> {
  const { config, warnings } = loadConfig(options, configFile)
  const log = pino({ level: config.logLevel, base: null }, pino.destination(2))
  warnings.forEach((warning) => log.warn({ code: 'CONFIG_INVALID' }, warning))
  const clock = systemClock
  const dir = resolve(config.dataDir)
  mkdirSync(dir, { recursive: true, mode: 0o700 })

  const closers: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const store = await openStore({ dir, clock })
    closers.push(() => store.close())
    const state = await openState({ dir })
    closers.push(() => state.close())
    const firstToken = await seedAdminKey(state, config.token, clock)

    const remoteConfig = await createRemoteConfigServer({
      state,
      clock,
      onError: (error) =>
        log.error({ err: error }, 'a configuration could not be published; the next change tries again'),
    })
    closers.push(() => remoteConfig.close())
    const lists = createSignalLists({ store, state })
    const responder = await createResponder({
      state,
      store,
      lists,
      clock,
      settings: {
        enabled: config.automation,
        trustUnkeyed: config.trustUnkeyed,
        verifiedServices: config.clientIpVerified,
        trustedProxies: config.trustedProxies,
        ceilingShare: config.automationCeiling,
      },
    })
    const detection = await createDetection({
      store,
      state,
      clock,
      respond: (updates) => responder.automate(updates),
      onError: (error) => log.error({ err: error }, 'detection failed; the next tick tries again'),
    })
    const pipeline = createPipeline({ store, config, clock, onWarning: (message) => log.warn(message) })
    pipeline.setThreatIntel(await loadThreatIntel(config.threatIntel, (message) => log.warn(message)))
    detection.start()
    closers.push(() => detection.stop())

    const access = await createAccess({
      state,
      allowFrom: config.agentAllowFrom,
      onBadNetwork: (network) =>
        log.warn(errors.CONFIG_INVALID('AGENT_ALLOW_FROM', network, 'addresses and CIDR blocks', 'the others')),
    })
    closers.push(() => access.close())
    const agent = createAgentListener({
      maxBodyBytes: config.maxBodyBytes,
      hosts: config.hosts,
      version,
      log,
      authenticate: (request) => access.sender(request),
      ingest: (payload, sender) => pipeline.ingest(payload, sender),
      ingestOtlp: (payload, sender) => pipeline.ingestOtlp(payload, sender),
      configure: (body, wait) => remoteConfig.configFor(body, wait),
    })
    const console = await createConsoleListener({
      hosts: config.hosts,
      version,
      log,
      clock,
      access,
      store,
      state,
      lists,
      responder,
      remoteConfig,
    })
    closers.push(() => console.close())
    closers.push(async () => {
      remoteConfig.drain()
      await agent.close()
    })
    const agentUrl = await listen(agent, config.agentListen, 'AGENT_LISTEN (--agent-port)')
    const consoleUrl = await listen(console, config.consoleListen, 'CONSOLE_LISTEN (--console-port)')
    warnWhenOpen(log, config.agentListen, config.consoleListen)
    return { agentUrl, consoleUrl, firstToken, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function listen(server: FastifyInstance, address: string, setting: string): Promise<string> {
  const { host, port } = parseListen(address) ?? { host: '127.0.0.1', port: 0 }
  try {
    return await server.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw fail('PORT_IN_USE', host, port, setting)
    throw error
  }
}

/** Makes the token of the environment the only one of its kind, or a first one when there is none at all. */
async function seedAdminKey(state: State, token: string, clock: Clock): Promise<string | undefined> {
  const at = new Date(clock.nowMs()).toISOString()
  const fromEnvironment = { id: 'environment', name: 'environment', role: 'admin' } as const
  if (token !== '') {
    await state.commit({ documents: [{ kind: 'key', put: newKey(fromEnvironment, at, token).key }] })
    return undefined
  }
  const keys = await state.documents('key')
  const usable = keys.some(
    ({ id, role, revokedAt }) => id !== fromEnvironment.id && role === 'admin' && revokedAt === null,
  )
  if (usable) return undefined
  const { key, secret } = newKey({ name: 'first start', role: 'admin' }, at)
  await state.commit({ documents: [{ kind: 'key', put: key }] })
  return secret
}

function warnWhenOpen(log: Logger, ...addresses: readonly string[]): void {
  for (const address of addresses) {
    const { host } = parseListen(address) ?? { host: '' }
    if (!['127.0.0.1', '::1', 'localhost'].includes(host)) {
      log.warn({ address }, 'listening beyond this machine without TLS; put a proxy with TLS in front')
    }
  }
}
