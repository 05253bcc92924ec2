import { applyState, portcullisClientTag } from '../../model/remote-config.ts'
import type { ConfigRequest } from '../../model/remote-config.ts'
import type { ConnectedTracer } from './remote-config.ts'
import { canBlock } from './targets.ts'

/** Tracers that are remembered; beyond, the one that was seen longest ago is forgotten. */
const maxTracers = 10_000
/** A tracer that has not asked for so long is gone: Datadog tracers ask every 5 s, ours hold a request all the time. */
const connectedMs = 30_000

interface Known {
  tracer: Omit<ConnectedTracer, 'connected' | 'upToDate'>
  /** Requests that are held open. */
  held: number
  currentVersion: number
}

export function clientKind(request: ConfigRequest): ConnectedTracer['kind'] {
  return request.client.client_tracer.tags?.includes(portcullisClientTag) === true ? 'portcullis' : 'datadog'
}

/** Who asks for configuration, and what it says it has applied. */
export class TracerRegistry {
  readonly #known = new Map<string, Known>()
  readonly #listeners = new Set<(tracer: ConnectedTracer) => void>()

  /** Notes a request; `currentVersion` is what the client should have, with everything decided before `throughMs`. */
  note(
    request: ConfigRequest,
    currentVersion: number,
    { nowMs, throughMs }: { readonly nowMs: number; readonly throughMs: number },
  ): void {
    const { id, state, client_tracer: about } = request.client
    const before = this.#known.get(id)
    const tracer = {
      clientId: id,
      runtimeId: about.runtime_id,
      service: about.service,
      env: about.env,
      appVersion: about.app_version ?? '',
      language: about.language,
      tracerVersion: about.tracer_version,
      kind: clientKind(request),
      firstSeenMs: before?.tracer.firstSeenMs ?? nowMs,
      lastSeenMs: nowMs,
      targetsVersion: state.targets_version,
      configurations: state.config_states,
      error: state.has_error ? (state.error ?? 'unknown') : null,
      canBlock: canBlock(request),
      appliedThroughMs: before?.tracer.appliedThroughMs ?? 0,
    }
    if (isUpToDate(tracer, currentVersion)) tracer.appliedThroughMs = throughMs
    const known: Known = { tracer, held: before?.held ?? 0, currentVersion }
    // Set anew, so that the order of the map is the order in which tracers were seen last.
    this.#known.delete(id)
    this.#known.set(id, known)
    const [oldest] = this.#known.keys()
    if (this.#known.size > maxTracers && oldest !== undefined) this.#known.delete(oldest)
    if (before === undefined || reported(before.tracer) !== reported(tracer)) {
      const told = connectedTracer(known, nowMs)
      for (const listener of this.#listeners) listener(told)
    }
  }

  /** Notes that what a client has taken over holds everything that was decided before this time. */
  confirm(clientId: string, throughMs: number): void {
    const known = this.#known.get(clientId)
    if (known !== undefined && isUpToDate(known.tracer, known.currentVersion)) {
      known.tracer = { ...known.tracer, appliedThroughMs: throughMs }
    }
  }

  /** Notes that a request of this client is held; the returned function, that it no longer is. */
  hold(clientId: string, clockMs: () => number): () => void {
    const known = this.#known.get(clientId)
    if (known !== undefined) known.held++
    return () => {
      const now = this.#known.get(clientId)
      if (now === undefined) return
      now.held = Math.max(0, now.held - 1)
      now.tracer = { ...now.tracer, lastSeenMs: clockMs() }
    }
  }

  all(nowMs: number): readonly ConnectedTracer[] {
    return [...this.#known.values()].map((known) => connectedTracer(known, nowMs))
  }

  onTracer(listener: (tracer: ConnectedTracer) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}

function connectedTracer({ tracer, held, currentVersion }: Known, nowMs: number): ConnectedTracer {
  return {
    ...tracer,
    connected: held > 0 || nowMs - tracer.lastSeenMs <= connectedMs,
    upToDate: isUpToDate(tracer, currentVersion),
  }
}

function isUpToDate(
  { targetsVersion, error, configurations }: Pick<Known['tracer'], 'targetsVersion' | 'error' | 'configurations'>,
  currentVersion: number,
): boolean {
  return (
    targetsVersion === currentVersion &&
    error === null &&
    configurations.every(({ apply_state }) => apply_state === applyState.acknowledged)
  )
}

/** What a tracer says of itself, as one text to compare. */
function reported({ targetsVersion, configurations, error }: Known['tracer']): string {
  return JSON.stringify([targetsVersion, configurations, error])
}
