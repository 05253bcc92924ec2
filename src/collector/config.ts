import { readFileSync } from 'node:fs'
import { errors, fail } from '../model/error.ts'
import { nearest } from '../model/nearest.ts'
import { PrefixSet } from '../net/prefix-set.ts'

type SettingType = 'string' | 'number' | 'boolean' | 'list' | 'listen' | 'onOff' | 'level' | 'url' | 'networks'

interface Bounds {
  readonly secret?: true
  /** Of a number; both inclusive. */
  readonly min?: number
  readonly max?: number
  readonly whole?: true
  /** Of a URL: what it may begin with. */
  readonly schemes?: readonly string[]
}

/** One setting: where its value may come from, and what is accepted. */
export interface Setting<T> extends Bounds {
  readonly type: SettingType
  readonly default: T
  readonly env: string
  readonly meaning: string
}

function setting<T>(type: SettingType, env: string, standard: T, meaning: string, bounds: Bounds = {}): Setting<T> {
  return { type, env, default: standard, meaning, ...bounds }
}

/** Every setting of the collector: type, environment variable, default, meaning. docs/configuration.md is made of this. */
export const settings = {
  dataDir: setting('string', 'DATA_DIR', './portcullis-data', 'directory of the stores; one process owns it'),
  agentListen: setting('listen', 'AGENT_LISTEN', '127.0.0.1:8126', 'where tracers send spans and fetch configuration'),
  consoleListen: setting('listen', 'CONSOLE_LISTEN', '127.0.0.1:8127', 'where the web page and /api are'),
  agentSocket: setting('string', 'AGENT_SOCKET', '', 'path of a unix socket for tracers of this machine (mode 0660)'),
  otlpListen: setting('listen', 'OTLP_LISTEN', '', 'where OTLP/HTTP is taken too, such as 127.0.0.1:4318'),
  publicUrl: setting('url', 'PUBLIC_URL', '', 'where browsers reach the console, when it is not CONSOLE_LISTEN', {
    schemes: ['http:', 'https:'],
  }),
  tlsCertificate: setting('string', 'TLS_CERTIFICATE', '', 'PEM file; with TLS_KEY, both listeners speak TLS'),
  tlsKey: setting('string', 'TLS_KEY', '', 'PEM file of the private key'),
  token: setting('string', 'PORTCULLIS_TOKEN', '', 'admin token of the API; replaces the one of the start before', {
    secret: true,
  }),
  agentAllowFrom: setting<readonly string[]>(
    'networks',
    'AGENT_ALLOW_FROM',
    [],
    'networks whose tracers need no ingest key (CIDR blocks); loopback always may',
  ),
  automation: setting('onOff', 'RESPONSE_AUTOMATION', false, 'on: block by the rules; off: recommend only'),
  trustUnkeyed: setting(
    'boolean',
    'AUTOMATION_TRUST_UNKEYED',
    false,
    'automation also acts on events that came without an ingest key from beyond loopback',
  ),
  clientIpVerified: setting<readonly string[]>(
    'list',
    'CLIENT_IP_VERIFIED',
    [],
    'services whose client addresses can be trusted although a header claims them; * for all',
  ),
  hosts: setting<readonly string[]>(
    'list',
    'ALLOWED_HOSTS',
    [],
    'names by which clients reach the listeners, beside addresses and localhost (against DNS rebinding)',
  ),
  trustedProxies: setting<readonly string[]>(
    'networks',
    'TRUSTED_PROXIES',
    [],
    'addresses and networks of proxies, which automation never blocks',
  ),
  automationCeiling: setting(
    'number',
    'AUTOMATION_CEILING',
    0.01,
    'share of the recent users whose addresses automation may block within an hour',
    { min: 0, max: 1 },
  ),
  maxBodyBytes: setting('number', 'INGEST_MAX_BODY_BYTES', 25 * 1024 * 1024, 'largest body of spans, unpacked', {
    min: 1_024,
    max: 1_073_741_824,
    whole: true,
  }),
  storeAllTraces: setting('boolean', 'STORE_ALL_TRACES', false, 'keep every trace in full'),
  retentionDays: setting('number', 'RETENTION_DAYS', 30, 'days for which spans are kept', {
    min: 1,
    max: 3_660,
    whole: true,
  }),
  compactRecordHours: setting(
    'number',
    'COMPACT_RECORD_HOURS',
    24,
    'hours for which requests that are not kept in full leave a compact record: baselines and collateral come from these',
    { min: 1, max: 168, whole: true },
  ),
  diskBudgetGb: setting(
    'number',
    'DISK_BUDGET_GB',
    0,
    'the oldest days are dropped when spans take more; 0: no limit',
    {
      min: 0,
    },
  ),
  asnDatabase: setting('string', 'ASN_DATABASE', '', 'MMDB file with networks (asn and name)'),
  countryDatabase: setting('string', 'COUNTRY_DATABASE', '', 'MMDB file with countries'),
  threatIntel: setting<readonly string[]>(
    'list',
    'THREAT_INTEL',
    [],
    'CSV files of threat-intel lists (ip_address, additional_data, category, intention, source)',
  ),
  disposableDomains: setting<readonly string[]>(
    'list',
    'DISPOSABLE_EMAIL_DOMAINS',
    [],
    'domains of throw-away e-mail addresses beside those that ship; -domain takes one off the list',
  ),
  outboundAllow: setting<readonly string[]>(
    'list',
    'OUTBOUND_ALLOW',
    [],
    'private addresses, networks and host names that notifications and list refreshes may call, also without TLS',
  ),
  smtpUrl: setting('url', 'SMTP_URL', '', 'mail server of the notifications, such as smtps://name:password@host', {
    schemes: ['smtp:', 'smtps:'],
    secret: true,
  }),
  smtpFrom: setting('string', 'SMTP_FROM', 'Portcullis <portcullis@localhost>', 'sender of the notification mails'),
  logLevel: setting('level', 'LOG_LEVEL', 'info', 'how much is logged; nothing of users at info and above'),
} satisfies Record<string, Setting<unknown>>

type Settings = typeof settings
/** The settings in force. */
export type CollectorConfig = { readonly [K in keyof Settings]: Settings[K]['default'] }
/** Settings given in code; what is absent comes from the file, the environment, or the default. */
export type CollectorOptions = { readonly [K in keyof Settings]?: Settings[K]['default'] | undefined }
export type ConfigOrigin = 'option' | 'file' | 'environment' | 'default'

export interface LoadedConfig {
  readonly config: CollectorConfig
  readonly origins: Readonly<Record<string, ConfigOrigin>>
  /** What was given and not accepted, as sentences. */
  readonly warnings: readonly string[]
}

/**
 * Reads the settings: options beat the environment, which beats the file (JSON, keys as in `settings`).
 * An unreadable file throws CONFIG_INVALID; a bad value is a warning and the default stands.
 */
export function loadConfig(
  options: CollectorOptions = {},
  file?: string,
  env: NodeJS.ProcessEnv = process.env,
): LoadedConfig {
  const fromFile = file === undefined ? {} : readConfigFile(file)
  const warnings: string[] = []
  const config: Record<string, unknown> = {}
  const origins: Record<string, ConfigOrigin> = {}
  for (const [name, definition] of Object.entries(settings)) {
    const given = (
      [
        ['option', options[name as keyof Settings], name],
        ['environment', env[definition.env], definition.env],
        ['file', Object.hasOwn(fromFile, name) ? fromFile[name] : undefined, name],
      ] as const
    ).find(([, value]) => value !== undefined && value !== '')
    const parsed = given === undefined ? undefined : parseValue(definition, given[1])
    if (given !== undefined && parsed === undefined) {
      warnings.push(
        errors.CONFIG_INVALID(given[2], shown(definition, given[1]), accepts(definition), standardOf(definition)),
      )
    }
    const bad = new Set<string>()
    if (definition.type === 'networks') PrefixSet.from((parsed as readonly string[]) ?? [], (item) => bad.add(item))
    for (const item of bad)
      warnings.push(errors.CONFIG_INVALID(given?.[2] ?? name, item, accepts(definition), 'the others'))
    config[name] =
      bad.size === 0 ? (parsed ?? definition.default) : (parsed as readonly string[]).filter((item) => !bad.has(item))
    origins[name] = parsed === undefined || given === undefined ? 'default' : given[0]
  }
  for (const name of Object.keys(fromFile)) {
    if (!Object.hasOwn(settings, name)) warnings.push(errors.CONFIG_UNKNOWN(name, nearest(name, Object.keys(settings))))
  }
  warnings.push(...misspelled(env))
  return { config: config as CollectorConfig, origins, warnings }
}

/** Names in the environment that are almost one of ours. */
function misspelled(env: NodeJS.ProcessEnv): readonly string[] {
  const known = Object.values(settings).map((definition) => definition.env)
  return Object.keys(env).flatMap((name) => {
    if (known.includes(name) || !/^[A-Z]+_[A-Z_]+$/.test(name)) return []
    const near = nearest(
      name,
      known.filter((one) => one.slice(0, 3) === name.slice(0, 3) && Math.abs(one.length - name.length) <= 2),
    )
    return near === undefined ? [] : [errors.CONFIG_UNKNOWN(name, near)]
  })
}

/** Splits `host:port`; undefined when it is not one. IPv6 hosts stand in brackets. */
export function parseListen(text: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const port = Number(found?.[3])
  return found && port <= 65_535 ? { host: found[1] ?? found[2] ?? '', port } : undefined
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const inWords: Readonly<Record<Exclude<SettingType, 'number' | 'url'>, string>> = {
  string: 'a text',
  boolean: 'true or false',
  list: 'a list separated by commas',
  networks: 'addresses and CIDR blocks, separated by commas',
  listen: 'host:port',
  onOff: 'on or off',
  level: `one of ${levels.join(', ')}`,
}

/** What a setting accepts, in words. */
export function accepts({ type, min, max, whole, schemes = [] }: Setting<unknown>): string {
  if (type === 'url') return schemes.map((scheme) => `${scheme}//host`).join(' or ')
  if (type !== 'number') return inWords[type]
  const bounds = [...(min === undefined ? [] : [`at least ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])]
  return `a ${whole ? 'whole number' : 'number'}${bounds.length === 0 ? '' : ` of ${bounds.join(' and ')}`}`
}

function parseValue({ type, min, max, whole, schemes }: Setting<unknown>, given: unknown): unknown {
  if (type === 'list' || type === 'networks') {
    if (Array.isArray(given)) return given.every((item) => typeof item === 'string') ? given : undefined
    return typeof given === 'string'
      ? given
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      : undefined
  }
  if (type === 'number') {
    const number = typeof given === 'string' ? Number(given) : given
    if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
    const fits = number >= (min ?? number) && number <= (max ?? number) && (!whole || Number.isInteger(number))
    return fits ? number : undefined
  }
  if (type === 'boolean' || type === 'onOff') {
    if (typeof given === 'boolean') return given
    const text = typeof given === 'string' ? given.toLowerCase() : ''
    if (['true', '1', 'on'].includes(text)) return true
    return ['false', '0', 'off'].includes(text) ? false : undefined
  }
  if (typeof given !== 'string') return undefined
  if (type === 'url') return URL.canParse(given) && schemes?.includes(new URL(given).protocol) ? given : undefined
  if (type === 'level') return levels.includes(given) ? given : undefined
  return type === 'listen' && parseListen(given) === undefined ? undefined : given
}

function shown(definition: Setting<unknown>, value: unknown): string {
  if (definition.secret === true) return '<hidden>'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What counts where nothing else does, as one would write it. */
function standardOf({ type, default: standard }: Setting<unknown>): string {
  if (type === 'onOff') return standard === true ? 'on' : 'off'
  if (standard === '' || Array.isArray(standard)) return 'none'
  return typeof standard === 'string' ? standard : JSON.stringify(standard)
}

function readConfigFile(file: string): Record<string, unknown> {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw fail('CONFIG_INVALID', '--config', file, (error as Error).message, 'nothing; the collector does not start')
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw fail('CONFIG_INVALID', '--config', file, 'a JSON object of settings', 'nothing; the collector does not start')
  }
  return content as Record<string, unknown>
}
