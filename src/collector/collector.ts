import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import pino, { type Logger } from 'pino'
import type { Clock } from '../model/clock.ts'
import { version } from '../model/version.ts'
import { createAccess } from './api/access.ts'
import { createAgentApp } from './api/agent.ts'
import { createConsole } from './api/console.ts'
import { newSecret } from './api/secret.ts'
import { createSignIn } from './api/sign-in.ts'
import { linkOf } from './api/users.ts'
import { createClusterAnswers } from './cluster/answer-clusters.ts'
import { clustersOf } from './cluster/clusters-of.ts'
import { createClusterDoors } from './cluster/doors.ts'
import { keepClusters } from './cluster/keep-clusters.ts'
import { countCollector } from './collector-metrics.ts'
import { loadConfig, parseListen, type CollectorOptions } from './config.ts'
import { writeControl } from './control-file.ts'
import { makeDataDirectory } from './data-directory.ts'
import { createDetection } from './detect/detection.ts'
import { readGuide } from './detect/guide.ts'
import { createRuleBook } from './detect/rule-book.ts'
import { createSignalLists } from './detect/signal-lists.ts'
import { loadThreatIntel } from './enrich/load-threat-intel.ts'
import { keepThreatIntel } from './enrich/keep-threat-intel.ts'
import { encodeOtlpProblem, protobufType } from './ingest/otlp/otlp.ts'
import { letIn } from './first-user.ts'
import { openListener, type Listener, type Place } from './listener.ts'
import { createMetrics } from './metrics.ts'
import { createNotifier } from './notify/notifier.ts'
import { createOutbound } from './outbound.ts'
import { createPipeline } from './pipeline.ts'
import { createRemoteConfigServer } from './remote-config/server.ts'
import { createReplayer } from './replay/replay.ts'
import { guardCollateral } from './respond/live-collateral.ts'
import { createResponder } from './respond/responder.ts'
import { createWafRules } from './respond/waf-rule-book.ts'
import { readTls } from './read-tls.ts'
import { keepRetention } from './retention.ts'
import { keepSettings } from './settings.ts'
import { openState } from './state/duckdb/state.ts'
import { openStore } from './store/duckdb/store.ts'
import { urgently } from './urgently.ts'
import { watchSuspects } from './watch-suspects.ts'

export interface StartCollectorOptions {
  readonly options?: CollectorOptions
  /** A JSON file of settings. */
  readonly configFile?: string | undefined
}

/** A running collector. */
export interface Collector {
  readonly agentUrl: string
  readonly consoleUrl: string
  /** The sign-in link for the first administrator; undefined once somebody is in. */
  readonly signInLink: string | undefined
  /** Stops accepting, finishes what is under way, closes the stores; within 10 seconds unless a disk is very slow. */
  close(): Promise<void>
}

/** Requests that are under way when a collector closes have this long to finish. */
const graceMs = 4_000
/** After them, what detection and upkeep still read has this long; then it is interrupted, and done after the next start. */
const readsGraceMs = 2_000

const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref()
    return () => clearTimeout(timer)
  },
}

/**
 * Starts a collector: listens, opens the stores, begins to detect. Until the stores are open the console listener says
 * so (503), and no tracer can connect. Rejects with PortcullisError: DATA_DIR_UNUSABLE, TLS_UNREADABLE, STORE_LOCKED, STORE_CORRUPT, STORE_NEWER,
 * DRIVER_MISSING, PORT_IN_USE, LISTEN_FAILED, CONFIG_INVALID; nothing is left open then.
 */
export async function startCollector({ options, configFile }: StartCollectorOptions = {}): Promise<Collector> {
  const { config, warnings } = loadConfig(options, configFile)
  const log = pino({ level: config.logLevel, base: null }, pino.destination(2))
  warnings.forEach((warning) => log.warn({ code: 'CONFIG_INVALID' }, warning))
  const clock = systemClock
  const tls = readTls(config)
  const dir = resolve(config.dataDir)
  makeDataDirectory(dir)

  const closers: (() => Promise<void> | void)[] = []
  let isClosing = false
  /** What is interrupted because the collector closes is no failure. */
  const failed = (message: string) => (error: unknown) => {
    log[isClosing ? 'debug' : 'error']({ err: error }, message)
  }
  const close = async (): Promise<void> => {
    isClosing = true
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  const listeners: Listener[] = []
  const closeListeners = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close(graceMs)))
  }
  const listen = async (place: Place, setting: string): Promise<Listener> => {
    const listener = await openListener({ place, setting, tls, clock })
    listeners.push(listener)
    return listener
  }
  closers.push(closeListeners)
  try {
    const consoleListener = await listen(placeOf(config.consoleListen), 'CONSOLE_LISTEN (--console-port)')
    const store = await openStore({
      dir,
      clock,
      onLost: (error) => log.fatal({ err: error }, 'the store is gone; restart the collector'),
    })
    closers.push(() => store.close())
    const state = await openState({ dir })
    closers.push(() => state.close())
    const publicUrl = config.publicUrl === '' ? consoleListener.url : config.publicUrl.replace(/\/+$/, '')
    const secureCookies = publicUrl.startsWith('https:')
    const signIn = await createSignIn({ state, clock, secure: secureCookies })
    closers.push(() => signIn.close())
    const fragment = await letIn({ state, signIn, clock, token: config.token })

    const { automation, retentionDays } = config
    const settings = await keepSettings(state, { automation, retentionDays })
    closers.push(() => settings.close())
    const metrics = createMetrics()
    const remoteConfig = await createRemoteConfigServer({
      state,
      clock,
      onError: failed('a configuration could not be published; the next change tries again'),
    })
    closers.push(() => remoteConfig.close())
    const replayer = createReplayer({ store, clock })
    const wafRules = await createWafRules({ state, clock, unmeasured: (rule) => replayer.unmeasured(rule) })
    closers.push(() => wafRules.close())
    closers.push(
      remoteConfig.onRuleRefused(({ ruleId, version, service, env, error }) => {
        log.warn(
          { ruleId, version, service, env, error },
          'a tracer refused a WAF rule; the version before is restored',
        )
        const why = `${service} in ${env}: ${error}`
        wafRules.restore(ruleId, version, why).catch((failure: unknown) => {
          log.error({ err: failure, ruleId }, 'a refused WAF rule could not be taken back')
        })
      }),
    )
    const lists = createSignalLists({ store, state, clock })
    const responder = await createResponder({
      state,
      store: urgently(store),
      lists,
      clock,
      switches: () => settings.current(),
      disableRule: (ruleId, author) => wafRules.change(ruleId, { mode: 'disabled' }, author),
      settings: {
        enabled: config.automation,
        trustUnkeyed: config.trustUnkeyed,
        verifiedServices: config.clientIpVerified,
        trustedProxies: config.trustedProxies,
        ceilingShare: config.automationCeiling,
      },
    })
    const clusterAnswers = createClusterAnswers({
      store,
      state,
      clock,
      wafRules,
      switches: () => settings.current(),
      trustUnkeyed: config.trustUnkeyed,
      whyOverCeiling: (users) => responder.whyOverCeiling(users),
    })
    const detection = await createDetection({
      store,
      state,
      clock,
      respond: (updates) => {
        clusterAnswers.note(updates)
        return responder.automate(updates)
      },
      onError: failed('detection failed; the next tick tries again'),
    })
    const clusters = await keepClusters({
      store,
      state,
      clock,
      epoch: detection.epoch,
      replay: (request) => replayer.replay(request),
      ruleOf: (clusterId) => wafRules.list().find(({ origin }) => origin.clusterId === clusterId),
      onClusters: (signal, rule, found) => clusterAnswers.answer(signal, rule, found),
      onError: failed('clusters could not be looked for; it is tried again'),
    })
    const suspects = await watchSuspects({
      store,
      state,
      clock,
      onError: failed('the suspects of open signals could not be read; it is tried again'),
    })
    closers.push(() => suspects.stop())
    const pipeline = createPipeline({
      store,
      config,
      clock,
      isWanted: (record) => suspects.isWanted(record),
      onWarning: (message) => log.warn(message),
    })
    const outbound = createOutbound({ allow: config.outboundAllow })
    const threatIntel = await keepThreatIntel({
      dir,
      state,
      clock,
      outbound,
      configured: await loadThreatIntel(config.threatIntel, (message) => log.warn(message)),
      apply: (lists) => pipeline.setThreatIntel(lists),
      onError: (error, list) => log.warn({ err: error, list }, 'a threat-intel list could not be read anew'),
    })
    closers.push(() => threatIntel.stop())
    closers.push(countCollector(metrics, { store, state, remoteConfig }))
    const notifier = await createNotifier({
      state,
      lists,
      clock,
      outbound,
      mail: { smtpUrl: config.smtpUrl, from: config.smtpFrom },
      linkTo: (signalId) => `${publicUrl}/signals/${encodeURIComponent(signalId)}`,
      onError: failed('a notification could not be prepared; it is tried again'),
    })
    closers.push(() => notifier.stop())
    notifier.start()
    detection.start()
    closers.push(() => detection.stop())
    clusters.start()
    closers.push(() => clusters.stop())
    const guard = guardCollateral({
      store,
      state,
      wafRules,
      clock,
      onError: failed('what WAF rules hit could not be read; it is tried again'),
    })
    closers.push(() => guard.stop())
    const retention = keepRetention({
      store,
      clock,
      days: () => settings.current().retentionDays,
      compactHours: config.compactRecordHours,
      diskBudgetGb: config.diskBudgetGb,
      onDropped: (dropped) => log.info(dropped, 'old days were dropped'),
      onError: failed('old days could not be dropped; it is tried again in an hour'),
    })
    closers.push(() => retention.stop())
    closers.push(() => void clock.after(readsGraceMs, () => void store.close().catch(() => undefined)))

    const directoryToken = newSecret()
    const access = await createAccess({
      state,
      signIn,
      directoryToken,
      allowFrom: config.agentAllowFrom,
    })
    closers.push(() => access.close())
    const hosts = [...config.hosts, ...hostOf(config.publicUrl)]
    const agentApp = createAgentApp({
      maxBodyBytes: config.maxBodyBytes,
      hosts,
      version,
      log,
      metrics,
      authenticate: (request) => access.sender(request),
      ingest: (payload, sender) => pipeline.ingest(payload, sender),
      ingestOtlp: (payload, sender) => pipeline.ingestOtlp(payload, sender),
      otlpProblemOf: (contentType) => (contentType === protobufType ? encodeOtlpProblem : undefined),
      configure: (body, wait) => remoteConfig.configFor(body, wait),
    })
    closers.push(() => agentApp.close())
    closers.push(closeListeners)
    const consoleApp = await createConsole({
      dir,
      hosts,
      version,
      log,
      clock,
      access,
      signIn,
      settings,
      publicUrl,
      secureCookies,
      store,
      state,
      lists,
      rules: createRuleBook({
        state,
        store,
        clock,
        findClusters: (signal, rule, others) =>
          clustersOf({ store, replay: (request) => replayer.replay(request) }, signal, rule, others),
      }),
      guideOf: readGuide,
      responder,
      wafRules,
      replayer,
      clusters: createClusterDoors({
        store,
        replay: (request) => replayer.replay(request),
        keeper: clusters,
      }),
      remoteConfig,
      metrics,
      threatIntel,
      notifier,
      outbound,
    })
    // Ends the streams of events, which the listeners would wait for.
    closers.push(() => consoleApp.close())
    await consoleListener.serve(consoleApp)
    const agentListener = await listen(placeOf(config.agentListen), 'AGENT_LISTEN (--agent-port)')
    const others = [
      ...(config.otlpListen === '' ? [] : [await listen(placeOf(config.otlpListen), 'OTLP_LISTEN')]),
      ...(config.agentSocket === '' ? [] : [await listen({ path: config.agentSocket }, 'AGENT_SOCKET')]),
    ]
    for (const listener of [agentListener, ...others]) await listener.serve(agentApp)
    // The first to run: everyone who waits for configuration is answered, so that their connections can end.
    closers.push(() => remoteConfig.drain())
    closers.push(
      writeControl(dir, {
        consoleUrl: consoleListener.url,
        token: directoryToken,
        ...(tls === undefined ? {} : { certificateSha256: new X509Certificate(tls.cert).fingerprint256 }),
      }),
    )
    if (tls === undefined) warnWhenOpen(log, config.agentListen, config.consoleListen)
    if (config.token !== '' && config.token.length < 16) {
      log.warn('PORTCULLIS_TOKEN is short enough to be guessed; use 16 characters or more')
    }
    return {
      agentUrl: agentListener.url,
      consoleUrl: consoleListener.url,
      signInLink: fragment === undefined ? undefined : linkOf(publicUrl, fragment),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function placeOf(address: string): Place {
  return parseListen(address) ?? { host: '127.0.0.1', port: 0 }
}

function hostOf(url: string): readonly string[] {
  return URL.canParse(url) ? [new URL(url).hostname] : []
}

function warnWhenOpen(log: Logger, ...addresses: readonly string[]): void {
  for (const address of addresses) {
    const { host } = parseListen(address) ?? { host: '' }
    if (!['127.0.0.1', '::1', 'localhost'].includes(host)) {
      log.warn({ address }, 'listening beyond this machine without TLS; put a proxy with TLS in front')
    }
  }
}
