import type { SeenService } from '../../api/shapes.ts'

/** How well a service is protected, in a word. */
export function protectionOf({ tracers, appsec }: SeenService): {
  readonly look: 'good' | 'warn' | 'info'
  readonly says: string
} {
  const connected = tracers.filter((tracer) => tracer.connected)
  if (appsec.enabled === false) return { look: 'warn', says: 'Switched off' }
  if (connected.length === 0) return { look: 'info', says: 'Observed only: no tracer is connected' }
  if (connected.some(({ error }) => error !== null)) return { look: 'warn', says: 'A configuration failed' }
  if (!connected.every(({ upToDate }) => upToDate)) return { look: 'warn', says: 'Configuration under way' }
  return { look: 'good', says: 'Protected' }
}
