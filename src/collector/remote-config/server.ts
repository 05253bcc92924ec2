import type { Clock } from '../../model/clock.ts'
import { product } from '../../model/remote-config.ts'
import type { ConfigRequest } from '../../model/remote-config.ts'
import type { Changes, ServiceSettings, State } from '../state/state.ts'
import { configFile } from './config-file.ts'
import type { ConfigFile } from './config-file.ts'
import { decodeConfigRequest } from './decode-request.ts'
import { featuresFor } from './features.ts'
import { listRules } from './list-rules.ts'
import { Lists } from './lists.ts'
import { recentEntriesFiles } from './recent-entries.ts'
import type { ConfigAnswer, RemoteConfigServer } from './remote-config.ts'
import { abilitiesOf, replyFor, sameFiles, targetSet } from './targets.ts'
import type { Abilities, TargetSet } from './targets.ts'
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
  const services = new Map<string, ServiceSettings>()
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
  /** Until all is read, commits only gather. */
  let isReady = false
  let draining = false
  let changedSinceSweep = false

  const unsubscribe = state.subscribe((changes) => {
    const concerns =
      (changes.entries?.length ?? 0) > 0 || changes.documents?.some(({ kind }) => kind === 'service') === true
    if (!concerns) return
    pending.push(changes)
    changedSinceSweep = true
    schedulePublish()
  })
  await lists.load(state, clock.nowMs())
  for (const service of await state.documents('service')) services.set(service.id, service)
  await publish()
  isReady = true
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
    for (let changes = pending[0]; changes !== undefined; changes = pending[0]) {
      await lists.apply(changes, state, clock.nowMs())
      pending.shift()
      for (const change of changes.documents ?? []) {
        if (change.kind !== 'service') continue
        if ('put' in change) services.set(change.put.id, change.put)
        else services.delete(change.delete)
      }
    }
    wholeLists = await lists.files(nextVersion)
    recentLists = undefined
    for (const wake of waiting) wake()
  }

  function sweep(): void {
    const merged = !changedSinceSweep && lists.merge(mergeFrom)
    changedSinceSweep = false
    if (lists.dropEnded(clock.nowMs()) > 0 || merged) schedulePublish()
    cancelSweep = clock.after(sweepEveryMs, sweep)
  }

  /** The file with this content, under its old version if the content is the same. */
  function keep(productName: Parameters<typeof configFile>[0], id: string, content: unknown): ConfigFile {
    const file = configFile(productName, id, content, 0)
    const before = kept.get(file.path)
    if (before?.sha256 === file.sha256) return before
    const versioned = { ...file, version: nextVersion() }
    kept.set(file.path, versioned)
    return versioned
  }

  function ruleFiles(): readonly ConfigFile[] {
    const { block, pass } = listRules((list) => lists.size(list) > 0)
    return [
      ...(block === undefined ? [] : [keep(product.custom, customRulesId, block)]),
      ...(pass === undefined ? [] : [keep(product.custom, exclusionsId, pass)]),
    ]
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
    const wanted = featuresFor(services.get(service), env)
    const data = kind === 'datadog' ? await readRecentLists() : wholeLists
    const files = [...data, ...ruleFiles()].filter((file) => canTake(abilities, file))
    if (abilities.products.has(product.features)) {
      for (const { id, content } of wanted) files.push(keep(product.features, id, content))
    }
    const key = JSON.stringify([
      kind,
      wanted.map(({ id }) => id),
      [...abilities.products].sort(),
      abilities.customRules,
      abilities.exclusions,
    ])
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
    const current = await setFor(request)
    registry.note(request, current.version, clock.nowMs())
    const reply = replyFor(request, current)
    const failed = request.client.state.has_error
    const lacksNothing = reply.targets === undefined
    if (waitMs <= 0 || draining || (!lacksNothing && !failed)) return { reply, held: false }

    const release = registry.hold(request.client.id, () => clock.nowMs())
    const endMs = clock.nowMs() + Math.min(waitMs, failed ? afterErrorMs : maxWaitMs)
    try {
      for (;;) {
        await untilChange(Math.max(0, endMs - clock.nowMs()), signal)
        const set = await setFor(request)
        const isOver = draining || signal?.aborted === true || clock.nowMs() >= endMs
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
    drain,
    close() {
      unsubscribe()
      cancelSweep()
      drain()
    },
  }
}

type WaitOptions = Parameters<RemoteConfigServer['configFor']>[1]

const customRulesId = 'pc-denylist-rules'
const exclusionsId = 'pc-passlist-rules'

function canTake(abilities: Abilities, file: ConfigFile): boolean {
  if (!abilities.products.has(file.product)) return false
  if (file.path.includes(`/${customRulesId}/`)) return abilities.customRules
  if (file.path.includes(`/${exclusionsId}/`)) return abilities.exclusions
  return true
}
