import { loadConfig, settings, type ConfigOrigin } from './config.ts'

/** A setting in force; secrets are not shown. */
export interface ShownSetting {
  readonly name: string
  readonly env: string
  readonly value: string
  readonly origin: ConfigOrigin
}

/** The settings that a collector would start with here, and what was given and is not accepted. */
export function describeCollectorSettings(configFile?: string): {
  readonly settings: readonly ShownSetting[]
  readonly warnings: readonly string[]
} {
  const { config, origins, warnings } = loadConfig({}, configFile)
  return {
    settings: Object.entries(settings).map(([name, { env, ...bounds }]) => ({
      name,
      env,
      value: shown(config[name as keyof typeof config], 'secret' in bounds),
      origin: origins[name] ?? 'default',
    })),
    warnings,
  }
}

function shown(value: string | number | boolean | readonly string[], isSecret: boolean): string {
  const text = typeof value === 'object' ? value.join(', ') : String(value)
  if (text === '') return 'none'
  return isSecret ? 'set, not shown' : text
}
