import type { Clock } from '../model/clock.ts'
import { connectAgent } from './agent-connection.ts'
import type { Config } from './config.ts'
import { createBatchExporter } from './export/batch-exporter.ts'
import { datadogFormat } from './export/datadog-format.ts'
import type { Exporter } from './export/exporter.ts'
import { createNoExporter } from './export/no-exporter.ts'
import { otlpFormat } from './export/otlp-format.ts'
import { version as tracerVersion } from '../model/version.ts'
import type { Warn } from './warning-log.ts'

/** The exporter that the settings ask for. */
export function createExporter(
  config: Config,
  { clock, warn, random }: { clock: Clock; warn: Warn; random: () => number },
): Exporter {
  if (config.exporter === 'none' || !config.enabled) return createNoExporter()
  const otlp = config.exporter === 'otlp'
  const connection = connectAgent(otlp ? config.otlpEndpoint : config.agentUrl, clock)
  const { service, env, version } = config
  const format = otlp
    ? otlpFormat({ service, env, version, tracerVersion }, { path: '/v1/traces', headers: config.otlpHeaders })
    : datadogFormat({ tracerVersion, nodeVersion: process.version })
  return createBatchExporter({ connection, format, clock, warn, random })
}
