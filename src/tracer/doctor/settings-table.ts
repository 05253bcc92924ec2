import { environmentNames, type EffectiveConfig } from '../config.ts'
import { settings, type SettingName } from '../settings.ts'

/** One line of the table of effective settings. */
export interface SettingRow {
  /** The environment variable, or the setting's name where it has none. */
  readonly name: string
  readonly value: string
  readonly origin: string
}

/** Longest value that is shown. */
const MAX_SHOWN = 60
/** They hold API keys. */
const secret: ReadonlySet<SettingName> = new Set<SettingName>(['otlpHeaders'])

/** Every setting with its value and where that came from. */
export function settingsTable({ values, origins }: EffectiveConfig): SettingRow[] {
  return (Object.keys(settings) as SettingName[]).map((name) => {
    const origin = origins[name]
    return {
      name: environmentNames(settings[name])[0] ?? name,
      value: secret.has(name) ? hidden(values[name]) : shown(values[name]),
      origin: typeof origin === 'string' ? origin : origin.env,
    }
  })
}

function hidden(value: unknown): string {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  return names.length === 0 ? '(empty)' : names.map((name) => `${name}=***`).join(',')
}

function shown(value: unknown): string {
  if (value === undefined) return '(unset)'
  const text = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replace(/\/\/[^/@]*@/, '//***@')
  if (text === '' || text === '[]' || text === '{}') return '(empty)'
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
