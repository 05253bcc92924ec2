import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { ConnectedTracer, RemoteConfigServer } from '../remote-config/remote-config.ts'
import type { Changes, State } from '../state/state.ts'
import { route } from './route.ts'

/** The most browsers and programs that may listen at once. */
const maxListeners = 200
/** A comment line this often keeps proxies from closing a quiet stream. */
const heartbeatMs = 15_000
/** A listener that does not read is cut off once this much waits for it. */
const maxWaitingBytes = 4 * 1024 * 1024

interface CollectorEvent {
  readonly name: string
  readonly data: unknown
}

/** `/api/events`: server-sent events of what the collector decided and what tracers took over. */
export function eventRoutes(
  server: FastifyInstance,
  {
    state,
    remoteConfig,
    clock,
  }: { readonly state: State; readonly remoteConfig: RemoteConfigServer; readonly clock: Clock },
): void {
  const listeners = new Set<(event: CollectorEvent) => void>()
  const publish = (event: CollectorEvent): void => listeners.forEach((listener) => listener(event))
  const endings = [
    state.subscribe((changes) => eventsOf(changes).forEach(publish)),
    remoteConfig.onTracer((tracer) => publish(tracerEvent(tracer))),
  ]
  const open = new Set<() => void>()
  // preClose: a stream never ends by itself, and close() waits for those that are open.
  server.addHook('preClose', async () => {
    endings.forEach((end) => end())
    open.forEach((end) => end())
  })

  const description = route({
    summary:
      'Server-sent events: signal.opened, signal.updated, signal.closed, response.taken, response.undone, list.changed, settings.changed, tracer.connected, configuration.applied',
    tag: 'signals',
    alsoAs: ['text/event-stream'],
  })
  server.get('/api/events', description, (_request, reply) => {
    if (listeners.size >= maxListeners) throw fail('FORBIDDEN', `${maxListeners} listeners are connected already`)
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    raw.write(': connected\n\n')
    const send = ({ name, data }: CollectorEvent): void => {
      raw.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
      if (raw.writableLength > maxWaitingBytes) raw.destroy()
    }
    let cancel = clock.after(heartbeatMs, beat)
    function beat(): void {
      raw.write(': still here\n\n')
      cancel = clock.after(heartbeatMs, beat)
    }
    const end = (): void => void raw.end()
    listeners.add(send)
    open.add(end)
    raw.once('close', () => {
      cancel()
      listeners.delete(send)
      open.delete(end)
    })
  })
}

function eventsOf(changes: Changes): CollectorEvent[] {
  return [
    ...(changes.signals ?? []).map((change) =>
      'open' in change
        ? { name: 'signal.opened', data: change.open }
        : {
            name: change.set.closedAt ? 'signal.closed' : 'signal.updated',
            data: { id: change.update, ...change.set },
          },
    ),
    ...(changes.responses ?? []).map((response) => ({
      name: response.undoneAt === null ? 'response.taken' : 'response.undone',
      data: response,
    })),
    ...(changes.entries?.length ? [{ name: 'list.changed', data: { count: changes.entries.length } }] : []),
    ...(changes.documents ?? []).flatMap((change) =>
      change.kind === 'settings' && 'put' in change ? [{ name: 'settings.changed', data: change.put }] : [],
    ),
  ]
}

function tracerEvent({
  clientId,
  service,
  env,
  targetsVersion,
  upToDate,
  connected,
  error,
}: ConnectedTracer): CollectorEvent {
  return {
    name: upToDate ? 'configuration.applied' : 'tracer.connected',
    data: { clientId, service, env, targetsVersion, upToDate, connected, error },
  }
}
