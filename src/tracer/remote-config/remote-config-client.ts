import { randomUUID } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import { fail, type PortcullisError } from '../../model/error.ts'
import type { ConfigRequest } from '../../model/remote-config.ts'
import type { AgentConnection, AgentReply } from '../agent-connection.ts'
import { retryDelayMs } from '../retry-delay.ts'
import { CacheWriter } from './cache-writer.ts'
import type { Subscription } from './capabilities.ts'
import type { ChangeOutcomes, ConfigChange } from './config-change.ts'
import type { ConfigCache } from './config-cache.ts'
import { applyPlan, KnownConfigs, planFromCache, reason } from './known-configs.ts'
import { planChanges } from './plan-changes.ts'
import { readReply } from './read-reply.ts'

/** How long the collector may hold a request that brings nothing new, and how much longer the reply may take. */
const WAIT_SECONDS = 50
const HELD_TIMEOUT_MS = (WAIT_SECONDS + 10) * 1000
const TIMEOUT_MS = 10_000
/** A million denylist entries are about 65 MB. */
const MAX_REPLY_BYTES = 256 * 1024 * 1024
/** A held request that comes back empty sooner than this came from a server that drains; it is not asked at once again. */
const SHORT_HOLD_MS = 1000
/** Changes in a row that are reported without a pause: a server that always changes is asked at the interval. */
const MAX_CHANGES_IN_A_ROW = 20

/** Who asks, as the protocol names it. */
export interface ClientIdentity {
  readonly runtimeId: string
  readonly tracerVersion: string
  readonly service: string
  readonly env: string
  readonly appVersion: string
  /** Further tags, `key:value`. */
  readonly tags: readonly string[]
}

export interface RemoteConfigOptions {
  readonly connection: AgentConnection
  readonly clock: Clock
  readonly random: () => number
  readonly identity: ClientIdentity
  readonly pollIntervalMs: number
  /** Read before every request: it changes when the WAF is switched on. */
  readonly subscription: () => Subscription
  /** Takes changes over, removed ones first; configurations of all products come together. */
  readonly apply: (changes: readonly ConfigChange[]) => Promise<ChangeOutcomes>
  readonly warn: (problem: PortcullisError) => void
  readonly cache?: ConfigCache
}

/** The one client of `/v0.7/config` of a process. */
export interface RemoteConfigClient {
  /** Tag `_dd.rc.client_id` of spans. */
  readonly clientId: string
  /** Takes over what was kept on disk, then asks until stopped. */
  start(): void
  /** Cancels a request under way and closes the connection; resolves when what is to be kept on disk is written. */
  stop(): Promise<void>
}

/** Asks for configuration, by long polling where the server holds requests and at the interval where it does not. */
export function createRemoteConfigClient(options: RemoteConfigOptions): RemoteConfigClient {
  const { connection, clock, random, identity, pollIntervalMs, warn } = options
  const clientId = randomUUID()
  const known = new KnownConfigs()
  const abort = new AbortController()
  const writer =
    options.cache &&
    new CacheWriter({
      cache: options.cache,
      clock,
      inForce: known.inForce,
      onError: (error) => warn(fail('REMOTE_CONFIG_FAILED', `the cache cannot be written: ${reason(error)}`)),
    })
  let targetsVersion = 0
  let backendState = ''
  let error = ''
  /** Whether there is something to tell, which must not wait in a held request. */
  let toReport = false
  let serverHolds: boolean | undefined
  let failures = 0
  let changesInARow = 0
  let told = false
  let started = false
  let running: Promise<void> = Promise.resolve()

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        cancel()
        abort.signal.removeEventListener('abort', over)
        resolve()
      }
      const cancel = clock.after(delayMs, over)
      if (abort.signal.aborted) over()
      else abort.signal.addEventListener('abort', over)
    })
  }

  function requestBody(): ConfigRequest {
    const { products, capabilities } = options.subscription()
    return {
      client: {
        state: {
          root_version: 1,
          targets_version: targetsVersion,
          config_states: known.states(),
          has_error: error !== '',
          error,
          backend_client_state: backendState,
        },
        id: clientId,
        products,
        is_tracer: true,
        client_tracer: {
          runtime_id: identity.runtimeId,
          language: 'node',
          tracer_version: identity.tracerVersion,
          service: identity.service,
          env: identity.env,
          app_version: identity.appVersion,
          extra_services: [],
          tags: [...identity.tags, `_dd.rc.client_id:${clientId}`],
        },
        capabilities,
      },
      cached_target_files: known.cachedFiles(),
    }
  }

  /** Asks once; gives how long to wait before the next time. */
  async function ask(): Promise<number> {
    const hold = !toReport
    const askedAtMs = clock.nowMs()
    let reply: AgentReply
    try {
      reply = await connection.send({
        method: 'POST',
        path: '/v0.7/config',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          ...(hold ? { prefer: `wait=${WAIT_SECONDS}` } : {}),
        },
        body: Buffer.from(JSON.stringify(requestBody())),
        timeoutMs: hold ? HELD_TIMEOUT_MS : TIMEOUT_MS,
        maxReplyBytes: MAX_REPLY_BYTES,
        signal: abort.signal,
      })
    } catch (problem) {
      return failed(reason(problem))
    }
    // An agent without remote configuration; it may get it later.
    if (reply.status === 404) return pollIntervalMs
    if (reply.status < 200 || reply.status > 299) {
      return failed(`the answer was ${reply.status}`, reply.headers['retry-after'])
    }
    failures = 0
    error = ''
    toReport = false
    const outcome = await takeOver(reply.body)
    if (outcome === 'failed') return pollIntervalMs
    told = false
    if (outcome === 'changed') {
      changesInARow += 1
      return changesInARow < MAX_CHANGES_IN_A_ROW ? 0 : pollIntervalMs
    }
    changesInARow = 0
    if (!hold) return serverHolds === false ? pollIntervalMs : 0
    serverHolds = String(reply.headers['preference-applied'] ?? '').includes('wait')
    if (!serverHolds) return pollIntervalMs
    return clock.nowMs() - askedAtMs < SHORT_HOLD_MS ? SHORT_HOLD_MS * (0.5 + random() / 2) : 0
  }

  async function takeOver(body: Buffer): Promise<'nothing' | 'changed' | 'failed'> {
    if (body.length === 0 || body.equals(NOTHING_NEW)) return 'nothing'
    try {
      const delivery = readReply(body)
      const applied = await applyPlan(known, planChanges(known.all, delivery), {
        apply: options.apply,
        pause: () => pause(0),
      })
      const before = targetsVersion
      if (delivery.targets !== undefined) {
        targetsVersion = delivery.targets.version
        backendState = delivery.targets.backendState
      }
      if (applied.changed) writer?.add(applied.fresh)
      else if (targetsVersion === before) return 'nothing'
      toReport = true
      return applied.damaged ? 'failed' : 'changed'
    } catch (problem) {
      error = reason(problem)
      toReport = true
      tell(error)
      return 'failed'
    }
  }

  /** One warning an outage. */
  function tell(why: string): void {
    if (!told) warn(fail('REMOTE_CONFIG_FAILED', why))
    told = true
  }

  function failed(why: string, retryAfter?: string): number {
    if (abort.signal.aborted) return 0
    tell(why)
    failures += 1
    return retryDelayMs({ failures, random, nowMs: clock.nowMs(), retryAfter })
  }

  async function restore(cache: ConfigCache): Promise<void> {
    try {
      await applyPlan(known, planFromCache(await cache.load()), { apply: options.apply, pause: () => pause(0) })
    } catch (problem) {
      warn(fail('REMOTE_CONFIG_FAILED', `the cache cannot be read: ${reason(problem)}`))
    }
  }

  async function run(): Promise<void> {
    if (options.cache !== undefined) await restore(options.cache)
    while (!abort.signal.aborted) {
      const delayMs = await ask()
      if (delayMs > 0) await pause(delayMs)
    }
  }

  return {
    clientId,
    start() {
      if (started) return
      started = true
      running = run()
    },
    async stop() {
      abort.abort()
      await running
      connection.close()
      await writer?.finish()
    },
  }
}

const NOTHING_NEW = Buffer.from('{}')
