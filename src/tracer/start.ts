import { randomUUID } from 'node:crypto'
// Imported, since the global one is a getter.
import { performance } from 'node:perf_hooks'
import type { Clock } from '../model/clock.ts'
import { fail, PortcullisError } from '../model/error.ts'
import { portcullisClientTag } from '../model/remote-config.ts'
import { tag } from '../model/tags.ts'
import { PrefixSet } from '../net/prefix-set.ts'
import { compileRuleset } from '../waf/compile-ruleset.ts'
import { createObfuscator } from '../waf/obfuscator.ts'
import { connectAgent } from './agent-connection.ts'
import { blockPages } from './block-page.ts'
import { namedByTags, readConfig, type ConfigOptions, type EffectiveConfig } from './config.ts'
import { createExporter } from './create-exporter.ts'
import type { Exporter } from './export/exporter.ts'
import type { CollectionMode } from './login/collection-mode.ts'
import type { DatadogAppsec } from './login/datadog-appsec.ts'
import { createLoginSdk, type LoginSdk } from './login/login-sdk.ts'
import type { Denylist } from './denylist/denylist.ts'
import { createDenylistCompiler } from './denylist/denylist-compiler.ts'
import { ListedNow } from './denylist/listed-now.ts'
import { localRuleset } from './local-ruleset.ts'
import { listRuleset } from './list-ruleset.ts'
import { openConfigCache } from './remote-config/config-cache.ts'
import { createRemoteConfigClient } from './remote-config/remote-config-client.ts'
import { remoteControl } from './remote-control.ts'
import { Inspection } from './inspection.ts'
import { ProtectionControl } from './protection.ts'
import { rateLimiter } from './rate-limiter.ts'
import { activeRequest, requestOf } from './active-request.ts'
import type { InboundRequest } from './request.ts'
import type { RequestScope } from './request-scope.ts'
import { settings } from './settings.ts'
import { headerTags } from './span/header-tags.ts'
import { outgoingHeaders } from './span/trace-context.ts'
import { queryObfuscator, type QueryObfuscator } from './span/url.ts'
import { stealthReplies } from './stealth.ts'
import { version as tracerVersion } from '../model/version.ts'
import { wafClock } from './waf-clock.ts'
import { warningLog, type Warn, type WarningLogger } from './warning-log.ts'

/** What `start()` takes: any setting of docs/configuration.md, and where warnings go. */
export interface StartOptions extends ConfigOptions {
  readonly logger?: WarningLogger | undefined
}

/** The span of the request being handled. */
export interface SpanHandle {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  setTag(name: string, value: string | number | boolean): void
}

/** A running tracer. */
export interface Tracer {
  /** Sends the spans that are queued; resolves when they are sent, or after `exitTimeoutMs`. */
  flush(): Promise<void>
  /** Sends what is queued and stops; requests after that are not looked at. */
  stop(): Promise<void>
  currentSpan(): SpanHandle | undefined
  /** The names of Datadog tracers, so that their users change one import. */
  readonly appsec: DatadogAppsec
}

/** What the entry files and the testing entry reach of a running tracer. */
export interface RunningTracer extends Tracer {
  readonly config: EffectiveConfig
  /** Undefined where the tracer is switched off (`TRACE_ENABLED=false`). */
  readonly scope: RequestScope | undefined
  readonly login: LoginSdk
  /** What automatic login events record at the moment. */
  readonly collectionMode: () => CollectionMode
  readonly warn: Warn
}

/** Parts that tests replace. */
export interface TracerParts {
  readonly clock?: Clock
  readonly exporter?: Exporter
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly random?: () => number
}

/** Read once: it is a getter, too. */
const { timeOrigin } = performance

/** The clock of this machine. Its timers never keep the process alive. */
const systemClock: Clock = {
  nowMs: () => timeOrigin + performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

const key = Symbol.for('portcullis.tracer.1')
/** Found through the global registry, so that two copies of this package in one process share one tracer. */
const registry = globalThis as { [key]?: RunningTracer | undefined }

/** The tracer that runs in this process. */
export function runningTracer(): RunningTracer | undefined {
  return registry[key]
}

/**
 * Starts the tracer: reads the environment once (options beat it), begins to ship spans and to follow remote
 * configuration. Idempotent: while one runs, it is returned, and differing options are warned about.
 */
export function start(options: StartOptions = {}, parts: TracerParts = {}): Tracer {
  const running = registry[key]
  if (running !== undefined) {
    if (Object.keys(options).length > 0) running.warn(fail('TRACER_ALREADY_STARTED'))
    return running
  }
  const tracer = createTracer(options, parts)
  registry[key] = tracer
  return tracer
}

/** Stops the tracer, if one runs: sends what is queued, at most for `exitTimeoutMs`. */
export async function stop(): Promise<void> {
  await registry[key]?.stop()
}

/** The span of the request being handled; undefined outside one. */
export function currentSpan(): SpanHandle | undefined {
  const request = activeRequest()
  return request === undefined ? undefined : handleOf(request)
}

/**
 * Headers for a call to another service, so that its span joins the trace of the request being handled:
 * `fetch(url, { headers: { ...traceHeaders() } })`. Empty outside a request.
 */
export function traceHeaders(): Record<string, string> {
  const request = activeRequest()
  if (request === undefined) return {}
  const { traceId, spanId, priority, tracestate, decisionMaker } = request.span
  const source = request.tag(tag.traceSource)
  return outgoingHeaders({
    traceId,
    spanId,
    priority,
    decisionMaker,
    source,
    origin: request.tag(tag.origin),
    tracestate,
  })
}

function createTracer({ logger, ...options }: StartOptions, parts: TracerParts): RunningTracer {
  const clock = parts.clock ?? systemClock
  const warn = warningLog(logger)
  const config = readConfig({ ...options }, parts.environment)
  for (const { code, message } of config.warnings) warn(new PortcullisError(code, message))
  const { values } = config
  const runtimeId = randomUUID()
  const random = parts.random ?? Math.random
  const standalone = values.appsecStandalone || !values.apmTracing
  const exporter = parts.exporter ?? createExporter(values, { clock, warn, random })

  const engineClock = wafClock(clock)
  const lists = createDenylistCompiler({
    clock,
    onBadItem: (list, item) => warn(fail('LIST_ITEM_INVALID', list, item)),
  })
  const denylist: Denylist = {
    get size() {
      return lists.denylist.size
    },
    check: (subject, nowSeconds) => lists.denylist.check(subject, nowSeconds),
  }
  const listed = new ListedNow(denylist)
  const protection = new ProtectionControl({
    compile: (ruleset, compileOptions) =>
      compileRuleset(ruleset, { ...compileOptions, clock: engineClock, lists: listed.lists }),
    compileOptions: {
      obfuscator: { keyRegex: values.obfuscationKeyRegex, valueRegex: values.obfuscationValueRegex },
    },
    ruleset: localRuleset(values.rulesFile, warn),
    fallback: () => listRuleset,
    denylist,
    listed,
    blocking: values.appsecBlocking,
    wafBudgetUs: values.wafTimeoutUs,
    warn,
  })
  if (values.enabled && values.appsecEnabled === true) protection.switchOn()
  const control = remoteControl({
    protection,
    lists,
    local: values.appsecEnabled,
    ownRules: values.rulesFile !== '',
    autoUserMode: values.autoUserMode,
  })
  const remote =
    values.enabled && values.remoteConfigEnabled && values.appsecEnabled !== false
      ? createRemoteConfigClient({
          connection: connectAgent(values.agentUrl, clock),
          clock,
          random,
          identity: {
            runtimeId,
            tracerVersion,
            service: values.service,
            env: values.env,
            appVersion: values.version,
            tags: [portcullisClientTag],
          },
          pollIntervalMs: values.remoteConfigPollSeconds * 1_000,
          subscription: control.subscription,
          apply: control.apply,
          warn,
          ...(values.remoteConfigCache === '' ? {} : { cache: openConfigCache(values.remoteConfigCache) }),
        })
      : undefined

  const secrets = createObfuscator({ keyRegex: values.obfuscationKeyRegex })
  const scope: RequestScope = {
    clock,
    exporter,
    spanDefaults: {
      service: values.service,
      meta: {
        ...ownTags(values.tags),
        ...(values.env === '' ? {} : { [tag.env]: values.env }),
        ...(values.version === '' ? {} : { [tag.version]: values.version }),
        'runtime-id': runtimeId,
        language: 'javascript',
        [tag.runtimeFamily]: 'nodejs',
        [tag.spanKind]: 'server',
        ...(remote === undefined ? {} : { '_dd.rc.client_id': remote.clientId }),
      },
      metrics: {
        [tag.topLevel]: 1,
        '_dd.measured': 1,
        process_id: process.pid,
        ...(standalone ? { [tag.apmEnabled]: 0 } : {}),
      },
    },
    collectAllHeaders: values.collectAllHeaders && !values.headerRedaction,
    maxCollectedHeaders: values.maxCollectedHeaders,
    isSecretKey: (name) => secrets.isSecretKey(name),
    standalone: standalone ? rateLimiter(1 / 60, clock, 1) : undefined,
    clientIpOptions: {
      header: values.clientIpHeader === '' ? undefined : values.clientIpHeader.toLowerCase(),
      trusted: trustedProxies(values.trustedProxies, warn),
    },
    configuredHeaders: headerTags(values.requestHeaderTags),
    obfuscateQuery: compileObfuscator(values.queryObfuscationRegex, warn),
    pages: blockPages({ html: values.blockedTemplateHtml, json: values.blockedTemplateJson }, (file, why) =>
      warn(fail('TEMPLATE_UNREADABLE', file, why)),
    ),
    limiter: rateLimiter(values.traceRateLimit, clock),
    stealth: stealthReplies({ clock, random }),
    tagsOtelSpan: values.exporter === 'none',
    protection: () => protection.current,
    takeEngineTags: () => (protection.takeFresh() ? { '_dd.appsec.waf.version': tracerVersion } : undefined),
    blockFailed: () => warn(fail('BLOCK_FAILED')),
  }

  const login = createLoginSdk({
    active: activeRequest,
    checkOutside: (addresses, { userId }) => {
      if (protection.current === undefined) return undefined
      const inspection = new Inspection(protection.current)
      const hit = inspection.lookUp(userId === undefined ? {} : { userId }, clock.nowMs() / 1_000)
      const action = inspection.run(addresses, hit)
      inspection.dispose()
      return action
    },
    warn,
    respond: (target, action, response) => (ofResponse(response) ?? (target as InboundRequest)).block(action),
    blockRequest: (request, response) => {
      const inbound = ofResponse(response) ?? ofResponse(request) ?? activeRequest()
      return inbound?.blockByHand() ?? false
    },
  })

  let flushedAccepted = 0
  const flushOnExit = (): void => {
    // The event fires again after each flush: what one could not send would be tried for ever, and the process not end.
    const { accepted } = exporter.stats
    if (accepted === flushedAccepted) return
    flushedAccepted = accepted
    void exporter.flush(values.exitTimeoutMs)
  }
  process.on('beforeExit', flushOnExit)
  remote?.start()

  const tracer: RunningTracer = {
    config,
    scope: values.enabled ? scope : undefined,
    login,
    collectionMode: control.collectionMode,
    warn,
    appsec: login.appsec,
    currentSpan,
    flush: () => exporter.flush(values.exitTimeoutMs),
    async stop() {
      if (registry[key] === tracer) registry[key] = undefined
      process.off('beforeExit', flushOnExit)
      await Promise.all([remote?.stop(), exporter.stop(values.exitTimeoutMs)])
    },
  }
  return tracer
}

/** Tags of the user's for every span: none that the tracer writes itself. */
function ownTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const written = new Set<string>([...Object.values(tag), ...namedByTags])
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !written.has(name)))
}

function trustedProxies(items: readonly string[], warn: Warn): PrefixSet | undefined {
  if (items.length === 0) return undefined
  const refuse = (item: string): void =>
    warn(fail('CONFIG_INVALID', 'TRUSTED_PROXIES', item, 'an address or CIDR block', 'the others'))
  return PrefixSet.from(items, refuse)
}

function compileObfuscator(pattern: string, warn: Warn): QueryObfuscator {
  try {
    return queryObfuscator(pattern)
  } catch {
    const name = 'TRACE_OBFUSCATION_QUERY_STRING_REGEXP'
    warn(fail('CONFIG_INVALID', name, pattern.slice(0, 80), 'a regular expression', 'the default'))
    return queryObfuscator(settings.queryObfuscationRegex.default)
  }
}

/** The request that a response, of the framework or of Node, answers. */
function ofResponse(carrier: unknown): InboundRequest | undefined {
  if (typeof carrier !== 'object' || carrier === null) return undefined
  const { raw } = carrier as { raw?: unknown }
  return requestOf(carrier) ?? (typeof raw === 'object' && raw !== null ? requestOf(raw) : undefined)
}

function handleOf(request: InboundRequest): SpanHandle {
  return {
    traceId: request.span.traceId,
    spanId: request.span.spanId,
    setTag(name, value) {
      if (typeof value === 'number') request.setMetric(name, value)
      else request.setTag(name, String(value))
    },
  }
}
