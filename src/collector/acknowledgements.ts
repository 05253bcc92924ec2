import type { Acknowledgement } from '../model/attack-entities.ts'
import type { ConnectedTracer } from './remote-config/remote-config.ts'

/** Which connected tracers have taken over what was decided at this time; of `service` only, where one is given. */
export function acknowledgements(
  tracers: readonly ConnectedTracer[],
  decidedMs: number,
  service?: string,
): readonly Acknowledgement[] {
  const found = new Map<string, Acknowledgement>()
  for (const tracer of tracers) {
    if (!tracer.connected || (service !== undefined && tracer.service !== service)) continue
    const key = JSON.stringify([tracer.service, tracer.env])
    const before = found.get(key) ?? {
      service: tracer.service,
      env: tracer.env,
      connected: 0,
      acknowledged: 0,
      unable: 0,
    }
    found.set(key, {
      ...before,
      connected: before.connected + 1,
      acknowledged: before.acknowledged + (tracer.canBlock && tracer.appliedThroughMs >= decidedMs ? 1 : 0),
      unable: before.unable + (tracer.canBlock ? 0 : 1),
    })
  }
  return [...found.values()].sort((one, other) => (one.service < other.service ? -1 : 1))
}

/** Of these services, those without a connected tracer that can block. */
export function unprotectedServices(
  services: readonly string[],
  tracers: readonly ConnectedTracer[],
): readonly string[] {
  const able = new Set(tracers.flatMap(({ connected, canBlock, service }) => (connected && canBlock ? service : [])))
  return services.filter((service) => !able.has(service))
}
