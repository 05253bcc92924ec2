import { AsyncResource } from 'node:async_hooks'

const apiKey = Symbol.for('opentelemetry.js.api.1')
/** With this in its context, OpenTelemetry instrumentation makes no spans. */
const suppressKey = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

interface OtelContext {
  setValue(key: symbol, value: unknown): OtelContext
}
interface OtelApi {
  readonly context?: { active(): OtelContext; with<T>(context: OtelContext, run: () => T): T }
}

/**
 * Runs work of the tracer itself as if it came from where this was called, and not from the request that happened to
 * cause it: a kept-alive socket would hold that request's context, and OpenTelemetry would trace our own traffic.
 */
export function ownTraffic(): <T>(run: () => T) => T {
  const origin = new AsyncResource('portcullis')
  return (run) =>
    origin.runInAsyncScope(() => {
      const context = (globalThis as { [apiKey]?: OtelApi })[apiKey]?.context
      return context === undefined ? run() : context.with(context.active().setValue(suppressKey, true), run)
    })
}
