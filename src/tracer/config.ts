import { errors, type ErrorCode } from '../model/error.ts'
import { readAgentUrl } from './agent-url.ts'
import { nearest } from '../model/nearest.ts'
import { settings, type Setting, type SettingName, type SettingType } from './settings.ts'

type Widen<S extends Setting> = S['type'] extends 'text' | 'url'
  ? string
  : S['type'] extends 'list'
    ? readonly string[]
    : S['type'] extends 'map' | 'tags'
      ? Readonly<Record<string, string>>
      : S['type'] extends 'flag'
        ? boolean
        : S['type'] extends 'tristate'
          ? boolean | undefined
          : S['type'] extends 'choice'
            ? NonNullable<S['accepts']>[number]
            : number

/** The effective value of every setting. */
export type Config = { readonly [K in SettingName]: Widen<(typeof settings)[K]> }

/** What `start()` takes: any setting by its programmatic name. */
export type ConfigOptions = { readonly [K in SettingName]?: Config[K] | undefined }

/** Where a value came from: an option, the environment variable of that name, or the table's default. */
export type Origin = 'option' | 'default' | { readonly env: string }

/** A complaint about configuration, to be logged once. */
export interface ConfigWarning {
  readonly code: ErrorCode
  readonly message: string
}

export interface EffectiveConfig {
  readonly values: Config
  readonly origins: Readonly<Record<SettingName, Origin>>
  readonly warnings: readonly ConfigWarning[]
}

/** Longest part of a rejected value that a warning repeats. */
const MAX_SHOWN = 80

/**
 * Resolves every setting: options beat the environment, the environment beats the default.
 * A value that is not accepted is reported with its name and what is accepted, and the next source counts.
 * `environment` is `process.env` unless given; this file is the only reader of it in the tracer.
 */
export function readConfig(
  options: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): EffectiveConfig {
  const warnings: ConfigWarning[] = []
  const values: Partial<Record<SettingName, unknown>> = {}
  const origins: Partial<Record<SettingName, Origin>> = {}
  for (const name of Object.keys(settings) as SettingName[]) {
    const setting: Setting = settings[name]
    const found = fromOption(name, setting, options, warnings) ?? fromEnvironment(setting, environment, warnings)
    values[name] = found === undefined ? setting.default : found.value
    origins[name] = found === undefined ? 'default' : found.origin
  }
  deriveFromTags(values as Config, values, origins)
  deriveAgentUrl(values as Config, values, origins, warnings)
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(settings, name)) continue
    const near = nearest(name, Object.keys(settings))
    warnings.push({ code: 'CONFIG_UNKNOWN', message: errors.CONFIG_UNKNOWN(name, near) })
  }
  return { values: values as Config, origins: origins as Record<SettingName, Origin>, warnings }
}

type Values = Partial<Record<SettingName, unknown>>
type Origins = Partial<Record<SettingName, Origin>>

/** The settings that Datadog tracers also take from their tags. */
export const namedByTags = ['service', 'env', 'version'] as const

function deriveFromTags({ tags }: Config, values: Values, origins: Origins): void {
  for (const name of namedByTags) {
    const value = Object.hasOwn(tags, name) ? tags[name] : ''
    if (origins[name] !== 'default' || value === '' || origins.tags === undefined) continue
    values[name] = value
    origins[name] = origins.tags
  }
}

function deriveAgentUrl(
  { agentHost, agentPort }: Config,
  values: Values,
  origins: Origins,
  warnings: ConfigWarning[],
): void {
  const from = [origins.agentHost, origins.agentPort].find((origin) => origin !== 'default')
  if (origins.agentUrl !== 'default' || from === undefined) return
  const url = `http://${agentHost.includes(':') ? `[${agentHost}]` : agentHost}:${agentPort}`
  if (readAgentUrl(url) === undefined) {
    warnings.push(refusal('agentHost', agentHost, settings.agentUrl))
    return
  }
  values.agentUrl = url
  origins.agentUrl = from
}

/** Both spellings of a setting's environment names, the more specific first. */
export function environmentNames(setting: Setting): readonly string[] {
  return setting.env.flatMap((name) => (name.startsWith('OTEL_') ? [name] : [name, `DD_${name}`]))
}

/** What a setting accepts, for warnings and the documentation. */
export function accepted({ type, accepts, min, max }: Setting): string {
  if (accepts !== undefined) return `one of ${accepts.join(', ')}`
  if (type === 'flag' || type === 'tristate') return 'true or false'
  if (type === 'count' || type === 'seconds' || type === 'microseconds') {
    const kind = type === 'count' ? 'a whole number' : 'a number'
    return `${kind} of at least ${min ?? 0}${max === undefined ? '' : ` and at most ${max}`}`
  }
  if (type === 'tags') return 'name:value, separated by commas or spaces'
  if (type === 'url') return 'http://host:port, https://host:port or unix:///path'
  return type === 'list' ? 'a list separated by commas' : type === 'map' ? 'name=value, separated by commas' : 'text'
}

interface Found {
  readonly value: unknown
  readonly origin: Origin
}

function fromOption(
  name: SettingName,
  setting: Setting,
  options: Readonly<Record<string, unknown>>,
  warnings: ConfigWarning[],
): Found | undefined {
  if (!Object.hasOwn(options, name) || options[name] === undefined) return undefined
  const value = decode(setting, options[name])
  if (value !== undefined) return { value, origin: 'option' }
  return refuse(name, options[name], setting, 'option', warnings)
}

function fromEnvironment(
  setting: Setting,
  environment: Readonly<Record<string, string | undefined>>,
  warnings: ConfigWarning[],
): Found | undefined {
  for (const name of environmentNames(setting)) {
    const text = environment[name]
    // An empty variable is how shells and container platforms unset one, except where empty has a meaning.
    if (text === undefined || (text.trim() === '' && !name.endsWith('_REGEXP'))) continue
    const value = decode(setting, text)
    if (value !== undefined) return { value, origin: { env: name } }
    const found = refuse(name, text, setting, { env: name }, warnings)
    if (found !== undefined) return found
  }
  return undefined
}

/** Tells of a value that is not accepted; gives what counts in its place, where that is not the next source. */
function refuse(
  name: string,
  got: unknown,
  setting: Setting,
  origin: Origin,
  warnings: ConfigWarning[],
): Found | undefined {
  warnings.push(refusal(name, got, setting))
  return setting.whenRefused === undefined ? undefined : { value: setting.whenRefused, origin }
}

function refusal(name: string, got: unknown, setting: Setting): ConfigWarning {
  const text = typeof got === 'string' ? got : (JSON.stringify(got) ?? String(got))
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
  const { default: otherwise, whenRefused = otherwise } = setting
  const used = whenRefused === undefined ? 'no value' : JSON.stringify(whenRefused)
  return { code: 'CONFIG_INVALID', message: errors.CONFIG_INVALID(name, shown, accepted(setting), used) }
}

/** Reads one value; undefined when it is not accepted. */
function decode(setting: Setting, raw: unknown): unknown {
  return decoders[setting.type](typeof raw === 'string' ? raw.trim() : raw, setting)
}

const decoders: Readonly<Record<SettingType, (given: unknown, setting: Setting) => unknown>> = {
  text: (given) => (typeof given === 'string' ? given : undefined),
  url: (given) => (typeof given === 'string' && readAgentUrl(given) !== undefined ? given : undefined),
  flag: decodeFlag,
  tristate: decodeFlag,
  choice: (given, { accepts = [] }) => decodeChoice(given, accepts),
  count: decodeNumber,
  seconds: decodeNumber,
  microseconds: decodeNumber,
  list: decodeList,
  map: (given) => (typeof given === 'string' ? readPairs(given.split(','), '=') : decodeRecord(given)),
  tags: (given) => (typeof given === 'string' ? readTags(given) : decodeRecord(given)),
}

function decodeFlag(given: unknown): boolean | undefined {
  if (typeof given === 'boolean') return given
  const text = String(given).toLowerCase()
  return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined
}

function decodeChoice(given: unknown, accepts: readonly string[]): string | undefined {
  const text = String(given).toLowerCase()
  return accepts.includes(text) ? text : undefined
}

function decodeNumber(given: unknown, { type, min = 0, max = Infinity }: Setting): number | undefined {
  const value = typeof given === 'number' ? given : typeof given === 'string' && given !== '' ? Number(given) : NaN
  if (!Number.isFinite(value) || value < min || value > max) return undefined
  return type === 'count' && !Number.isInteger(value) ? undefined : value
}

function decodeList(given: unknown): readonly string[] | undefined {
  const items = typeof given === 'string' ? given.split(',') : given
  if (!Array.isArray(items) || !items.every((item) => typeof item === 'string')) return undefined
  return items.map((item) => item.trim()).filter((item) => item !== '')
}

function decodeRecord(given: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const entries = Object.entries(given)
  return entries.every(([, value]) => typeof value === 'string') ? Object.fromEntries(entries) : undefined
}

function readPairs(pairs: readonly string[], separator: string): Readonly<Record<string, string>> | undefined {
  const entries: [string, string][] = []
  for (const pair of pairs) {
    const at = pair.indexOf(separator)
    if (at <= 0) return undefined
    entries.push([pair.slice(0, at).trim(), pair.slice(at + separator.length).trim()])
  }
  return Object.fromEntries(entries)
}

/** A name alone is a tag without a value; a value without a name is left out. */
function readTags(given: string): Readonly<Record<string, string>> | undefined {
  const items = given
    .split(given.includes(',') ? ',' : ' ')
    .map((item) => item.trim())
    .filter((item) => item !== '' && !item.startsWith(':'))
  return readPairs(
    items.map((item) => (item.includes(':') ? item : `${item}:`)),
    ':',
  )
}
