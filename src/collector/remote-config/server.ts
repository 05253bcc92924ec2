import type { Clock } from '../../model/clock.ts'
import { applyState, product } from '../../model/remote-config.ts'
import type { ConfigRequest, Product } from '../../model/remote-config.ts'
import type { Changes, State } from '../state/state.ts'
import { configFile } from './config-file.ts'
import type { ConfigFile } from './config-file.ts'
import { decodeConfigRequest } from './decode-request.ts'
import { GlobalFiles } from './global-files.ts'
import { Lists } from './lists.ts'
import { recentEntriesFiles } from './recent-entries.ts'
import type { ConfigAnswer, RemoteConfigServer, RuleRefusal } from './remote-config.ts'
import { abilitiesOf, replyFor, sameFiles, targetSet } from './targets.ts'
import type { TargetSet } from './targets.ts'
import { TracerRegistry, clientKind } from './tracer-registry.ts'
import { reserveVersions } from './versions.ts'

/** The longest that a request is held. */
const maxWaitMs = 50_000
/** Commits that come within this time go out together. */
const gatherMs = 10
/** A client that could not take over what it got is not sent it again before this time. */
const afterErrorMs = 5_000
/** How often ended entries are dropped and quiet lists merged. */
const sweepEveryMs = 60_000
/** New entries of a quiet list are merged when there are as many. */
const mergeFrom = 500
/** The longest that a timer can be set for. */
const maxTimerMs = 2 ** 31 - 1
/** Sets of files for different kinds of clients that are kept; a service with settings of its own has one more each. */
const maxSets = 2_000

/** Starts to serve remote configuration from the state: lists, and what is set for services. */
export async function createRemoteConfigServer(options: {
  readonly state: State
  readonly clock: Clock
  /** Told when a change could not be taken over; it is tried again with the next one. */
  readonly onError: (error: unknown) => void
}): Promise<RemoteConfigServer> {
  const { state, clock, onError } = options
  const nextVersion = await reserveVersions(state)
  const lists = new Lists()
  const registry = new TracerRegistry()
  const globals = new GlobalFiles(keep)
  const refusalListeners = new Set<(refusal: RuleRefusal) => void>()
  const waiting = new Set<() => void>()
  const sets = new Map<string, TargetSet>()
  /** Files that are the same for all services, by kind of client. Those for Datadog tracers are made when one asks. */
  let wholeLists: readonly ConfigFile[] = []
  let recentLists: Promise<readonly ConfigFile[]> | undefined
  /** Files under their path, so that an unchanged content keeps its version. */
  const kept = new Map<string, ConfigFile>()
  const pending: Changes[] = []
  let publishing: Promise<void> = Promise.resolve()
  let isScheduled = false
  /** Every commit before this time is in what is published. */
  let publishedMs = 0
  let publishCount = 0
  /** Until all is read, commits only gather. */
  let isReady = false
  let draining = false
  let changedSinceSweep = false
  let isClosed = false

  const unsubscribe = state.subscribe((changes) => {
    if ((changes.entries?.length ?? 0) === 0 && !GlobalFiles.concerns(changes)) return
    pending.push(changes)
    changedSinceSweep = true
    schedulePublish()
  })
  await lists.load(state, clock.nowMs())
  await globals.load(state)
  let cancelEnd = (): void => undefined
  await publish()
  isReady = true
  registry.onTracer(({ configurations, service, env }) => {
    for (const { id, version, apply_state, apply_error = 'no reason given' } of configurations) {
      const refusal = apply_state === applyState.error ? globals.refusal(id, version) : undefined
      if (refusal === undefined) continue
      for (const listener of refusalListeners) listener({ ...refusal, service, env, error: apply_error })
    }
  })
  let cancelSweep = clock.after(sweepEveryMs, sweep)

  function schedulePublish(): void {
    if (isScheduled || !isReady) return
    isScheduled = true
    clock.after(gatherMs, () => {
      isScheduled = false
      publishing = publishing.then(publish).catch(onError)
    })
  }

  async function publish(): Promise<void> {
    const beganMs = clock.nowMs()
    for (let changes = pending[0]; changes !== undefined; changes = pending[0]) {
      await lists.apply(changes, state, clock.nowMs())
      pending.shift()
      globals.apply(changes)
    }
    wholeLists = await lists.files(nextVersion)
    recentLists = undefined
    publishedMs = beganMs
    publishCount++
    for (const wake of waiting) wake()
    wakeAtNextEnd()
  }

  /** Rules that end leave the sets that are asked for then; who waits has to ask. */
  function wakeAtNextEnd(): void {
    cancelEnd()
    const inMs = globals.nextEndMs(clock.nowMs()) - clock.nowMs()
    if (inMs > maxTimerMs) return
    cancelEnd = clock.after(inMs, () => {
      for (const wake of waiting) wake()
      wakeAtNextEnd()
    })
  }

  /** In turn with what is published: both change the lists, and a large list takes its time. */
  function sweep(): void {
    const isQuiet = !changedSinceSweep
    changedSinceSweep = false
    publishing = publishing
      .then(async () => {
        const merged = isQuiet && (await lists.merge(mergeFrom))
        const dropped = await lists.dropEnded(clock.nowMs())
        if (merged || dropped > 0) await publish()
      })
      .catch(onError)
      .finally(() => {
        if (!isClosed) cancelSweep = clock.after(sweepEveryMs, sweep)
      })
  }

  /** The file with this content, under its old version if the content of its variant is the same. */
  function keep(productName: Product, id: string, content: unknown, variant = ''): ConfigFile {
    const file = configFile(productName, id, content, 0)
    const key = `${file.path} ${variant}`
    const before = kept.get(key)
    if (before?.sha256 === file.sha256) return before
    const versioned = { ...file, version: nextVersion() }
    kept.set(key, versioned)
    return versioned
  }

  function readRecentLists(): Promise<readonly ConfigFile[]> {
    recentLists ??= recentEntriesFiles(state, clock.nowMs(), keep).catch((error: unknown) => {
      recentLists = undefined
      throw error
    })
    return recentLists
  }

  async function setFor(request: ConfigRequest): Promise<TargetSet> {
    const abilities = abilitiesOf(request)
    const kind = clientKind(request)
    const { service, env } = request.client.client_tracer
    const whole = kind === 'datadog' ? await readRecentLists() : wholeLists
    // Without exclusions a tracer would go on blocking by lists when all blocking is switched off.
    const data = abilities.products.has(product.data) && (globals.blocking || abilities.exclusions) ? whole : []
    const others = globals.filesFor({ service, env, kind, abilities }, (list) => lists.size(list) > 0, clock.nowMs())
    const files = [...data, ...others]
    const key = JSON.stringify([kind, data.length > 0, others.map(({ path, version }) => [path, version])])
    const before = sets.get(key)
    if (before !== undefined && sameFiles(before.files, files)) return before
    const set = targetSet(files, nextVersion())
    sets.delete(key)
    sets.set(key, set)
    const [oldest] = sets.keys()
    if (sets.size > maxSets && oldest !== undefined) sets.delete(oldest)
    return set
  }

  function untilChange(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        waiting.delete(end)
        cancel()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const cancel = clock.after(waitMs, end)
      waiting.add(end)
      signal?.addEventListener('abort', end)
      if (signal?.aborted === true) end()
    })
  }

  async function configFor(body: unknown, { waitMs, signal }: WaitOptions): Promise<ConfigAnswer> {
    const request = decodeConfigRequest(body)
    let seen = { count: publishCount, throughMs: publishedMs }
    const current = await setFor(request)
    registry.note(request, current.version, { nowMs: clock.nowMs(), throughMs: seen.throughMs })
    const reply = replyFor(request, current)
    const failed = request.client.state.has_error
    const lacksNothing = reply.targets === undefined
    if (waitMs <= 0 || draining || (!lacksNothing && !failed)) return { reply, held: false }

    const release = registry.hold(request.client.id, () => clock.nowMs())
    const endMs = clock.nowMs() + Math.min(waitMs, failed ? afterErrorMs : maxWaitMs)
    try {
      for (;;) {
        // What was published while the set was put together may not be in it, and wakes nobody any more.
        if (publishCount === seen.count) await untilChange(Math.max(0, endMs - clock.nowMs()), signal)
        seen = { count: publishCount, throughMs: publishedMs }
        const set = await setFor(request)
        const isOver = draining || signal?.aborted === true || clock.nowMs() >= endMs
        if (set.version === current.version) registry.confirm(request.client.id, seen.throughMs)
        if (set.version === current.version && !isOver) continue
        return { reply: replyFor(request, set), held: true }
      }
    } finally {
      release()
    }
  }

  function drain(): void {
    draining = true
    for (const wake of waiting) wake()
  }

  return {
    configFor,
    tracers: () => registry.all(clock.nowMs()),
    onTracer: (listener) => registry.onTracer(listener),
    onRuleRefused(listener) {
      refusalListeners.add(listener)
      return () => {
        refusalListeners.delete(listener)
      }
    },
    drain,
    close() {
      isClosed = true
      unsubscribe()
      cancelSweep()
      cancelEnd()
      drain()
    },
  }
}

type WaitOptions = Parameters<RemoteConfigServer['configFor']>[1]
