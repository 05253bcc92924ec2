import type { TraceFormat } from '../ingest/datadog/decode-traces.ts'

export const traceFormats: readonly TraceFormat[] = ['v0.3', 'v0.4', 'v0.5', 'v0.7']

/** Paths of the agent protocol that carry what we do not keep: telemetry, statistics, profiles, metrics, events. */
export const ignoredPaths = [
  '/telemetry/proxy/*',
  '/v0.6/stats',
  '/v0.1/pipeline_stats',
  '/v0.3/services',
  '/v0.4/services',
  '/profiling/*',
  '/dogstatsd*',
  '/evp_proxy/*',
  '/tracer_flare/*',
  '/debugger/*',
  '/symdb/*',
] as const

/**
 * The reply of `GET /info`, from which tracers decide what to send and to turn on. Of what is dropped only telemetry is
 * named, since a tracer sends it anyway, elsewhere; statistics, profiles and CI events are better not made at all. `client_drop_p0s: false` makes tracers send every trace.
 * Source: the public /info endpoint of the Datadog agent.
 */
export function agentDescription(options: { readonly version: string; readonly maxBodyBytes: number }): object {
  return {
    version: `portcullis-${options.version}`,
    git_commit: '',
    endpoints: [
      ...traceFormats.map((format) => `/${format}/traces`),
      '/v0.7/config',
      '/v1/traces',
      '/telemetry/proxy/',
    ],
    feature_flags: [],
    client_drop_p0s: false,
    span_meta_structs: true,
    long_running_spans: false,
    span_events: false,
    config: { default_env: 'none', max_request_bytes: options.maxBodyBytes, statsd_port: 0 },
  }
}
