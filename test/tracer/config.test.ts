import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { accepted, environmentNames, readConfig } from '../../src/tracer/config.ts'
import { settings, type Setting } from '../../src/tracer/settings.ts'

interface Case {
  readonly says: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  readonly name: keyof typeof settings
  readonly value: unknown
  readonly origin: unknown
  readonly warns?: RegExp
}

const cases: readonly Case[] = [
  { says: 'nothing said: the default', name: 'agentUrl', value: 'http://127.0.0.1:8126', origin: 'default' },
  {
    says: 'the plain name counts',
    environment: { SERVICE: 'shop' },
    name: 'service',
    value: 'shop',
    origin: { env: 'SERVICE' },
  },
  {
    says: 'the Datadog name counts',
    environment: { DD_SERVICE: 'shop' },
    name: 'service',
    value: 'shop',
    origin: { env: 'DD_SERVICE' },
  },
  {
    says: 'the plain name beats the Datadog name',
    environment: { DD_SERVICE: 'theirs', SERVICE: 'ours' },
    name: 'service',
    value: 'ours',
    origin: { env: 'SERVICE' },
  },
  {
    says: 'an option beats the environment',
    options: { service: 'mine' },
    environment: { SERVICE: 'ours' },
    name: 'service',
    value: 'mine',
    origin: 'option',
  },
  { says: 'an empty variable is none', environment: { ENV: '  ' }, name: 'env', value: '', origin: 'default' },
  {
    says: 'an empty pattern hides nothing',
    environment: { DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP: '' },
    name: 'queryObfuscationRegex',
    value: '',
    origin: { env: 'DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP' },
  },
  { says: 'unset leaves AppSec to the collector', name: 'appsecEnabled', value: undefined, origin: 'default' },
  {
    says: '1 is true',
    environment: { DD_APPSEC_ENABLED: '1' },
    name: 'appsecEnabled',
    value: true,
    origin: { env: 'DD_APPSEC_ENABLED' },
  },
  {
    says: 'FALSE is false',
    environment: { APPSEC_ENABLED: 'FALSE' },
    name: 'appsecEnabled',
    value: false,
    origin: { env: 'APPSEC_ENABLED' },
  },
  {
    says: 'yes is neither',
    environment: { APPSEC_ENABLED: 'yes' },
    name: 'appsecEnabled',
    value: undefined,
    origin: 'default',
    warns: /CONFIG_INVALID APPSEC_ENABLED=yes is not accepted \(true or false\)/,
  },
  {
    says: 'a number out of range is refused, and the next source counts',
    options: { remoteConfigPollSeconds: -1 },
    environment: { DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS: '0.5' },
    name: 'remoteConfigPollSeconds',
    value: 0.5,
    origin: { env: 'DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS' },
    warns: /remoteConfigPollSeconds=-1 is not accepted \(a number of at least 0\.1 and at most 3600\)/,
  },
  {
    says: 'a fraction is no count',
    environment: { APPSEC_TRACE_RATE_LIMIT: '1.5' },
    name: 'traceRateLimit',
    value: 100,
    origin: 'default',
    warns: /a whole number/,
  },
  {
    says: 'a list has commas',
    environment: { TRUSTED_PROXIES: '10.0.0.0/8, ::1 ,' },
    name: 'trustedProxies',
    value: ['10.0.0.0/8', '::1'],
    origin: { env: 'TRUSTED_PROXIES' },
  },
  {
    says: 'a list may be an array',
    options: { trustedProxies: ['10.0.0.0/8'] },
    name: 'trustedProxies',
    value: ['10.0.0.0/8'],
    origin: 'option',
  },
  {
    says: 'headers are name=value',
    environment: { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2=3' },
    name: 'otlpHeaders',
    value: { a: '1', b: '2=3' },
    origin: { env: 'OTEL_EXPORTER_OTLP_HEADERS' },
  },
  {
    says: 'a choice is one of the listed',
    environment: { EXPORTER: 'zipkin' },
    name: 'exporter',
    value: 'datadog',
    origin: 'default',
    warns: /one of datadog, otlp, none/,
  },
  {
    says: 'an older name counts',
    environment: { DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING: 'safe' },
    name: 'autoUserMode',
    value: 'safe',
    origin: { env: 'DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING' },
  },
  {
    says: 'a value of the wrong kind is refused',
    options: { service: 7 },
    name: 'service',
    value: 'node',
    origin: 'default',
    warns: /service=7/,
  },
  {
    says: 'a mistyped mode of automatic events records nothing, rather than more than was wanted',
    environment: { DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE: 'anonymous' },
    name: 'autoUserMode',
    value: 'disabled',
    origin: { env: 'DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE' },
    warns: /=anonymous is not accepted .* using "disabled"/,
  },
  {
    says: 'a host and a port make an address',
    environment: { DD_AGENT_HOST: 'agent', DD_TRACE_AGENT_PORT: '9126' },
    name: 'agentUrl',
    value: 'http://agent:9126',
    origin: { env: 'DD_AGENT_HOST' },
  },
  {
    says: 'a port alone is one of this machine',
    environment: { DD_TRACE_AGENT_PORT: '9126' },
    name: 'agentUrl',
    value: 'http://127.0.0.1:9126',
    origin: { env: 'DD_TRACE_AGENT_PORT' },
  },
  {
    says: 'a host may be an IPv6 address',
    environment: { DD_AGENT_HOST: '::1' },
    name: 'agentUrl',
    value: 'http://[::1]:8126',
    origin: { env: 'DD_AGENT_HOST' },
  },
  {
    says: 'an address beats a host',
    environment: { DD_AGENT_HOST: 'agent', DD_TRACE_AGENT_URL: 'http://other:1' },
    name: 'agentUrl',
    value: 'http://other:1',
    origin: { env: 'DD_TRACE_AGENT_URL' },
  },
  {
    says: 'what is no host is refused',
    environment: { DD_AGENT_HOST: 'a b' },
    name: 'agentUrl',
    value: 'http://127.0.0.1:8126',
    origin: 'default',
    warns: /agentHost=a b is not accepted/,
  },
  {
    says: 'tags have commas, or spaces, and a name alone has no value',
    environment: { DD_TAGS: 'team:red k:v:w lone' },
    name: 'tags',
    value: { team: 'red', k: 'v:w', lone: '' },
    origin: { env: 'DD_TAGS' },
  },
  {
    says: 'a value among commas may have spaces',
    environment: { DD_TAGS: 'team:red one, k:v' },
    name: 'tags',
    value: { team: 'red one', k: 'v' },
    origin: { env: 'DD_TAGS' },
  },
  {
    says: 'tags name the service where nothing else does',
    environment: { DD_TAGS: 'service:shop,env:prod' },
    name: 'service',
    value: 'shop',
    origin: { env: 'DD_TAGS' },
  },
  {
    says: 'a service of its own beats tags',
    environment: { DD_TAGS: 'service:shop', DD_SERVICE: 'own' },
    name: 'service',
    value: 'own',
    origin: { env: 'DD_SERVICE' },
  },
]

test.each(cases)('$says', ({ options = {}, environment = {}, name, value, origin, warns }) => {
  const config = readConfig(options, environment)
  expect(config.values[name]).toEqual(value)
  expect(config.origins[name]).toEqual(origin)
  const warnings = config.warnings.map(({ code, message }) => `${code} ${message}`)
  if (warns === undefined) expect(warnings).toEqual([])
  else expect(warnings).toEqual([expect.stringMatching(warns)])
})

test('every case ran', () => expect(cases).toHaveLength(29))

test('an unknown option is told of, with what it may have meant', () => {
  const { warnings } = readConfig({ agentURL: 'http://a', nonsense: 1 }, {})
  expect(warnings.map(({ message }) => message)).toEqual([
    'unknown setting "agentURL"; did you mean "agentUrl"?',
    'unknown setting "nonsense"',
  ])
})

test('names of the prototype are no settings', () => {
  const { values, warnings } = readConfig(
    JSON.parse('{"__proto__": {"service": "x"}, "constructor": 1}') as object as Record<string, unknown>,
    {},
  )
  expect(values.service).toBe('node')
  expect(warnings).toHaveLength(2)
})

test('a long value is not repeated whole', () => {
  const { warnings } = readConfig({}, { EXPORTER: 'x'.repeat(10_000) })
  expect(warnings[0]?.message.length).toBeLessThan(300)
})

test('docs/configuration.md has the table of settings as it is', () => {
  const page = readFileSync('docs/configuration.md', 'utf8')
  const begin = '<!-- tracer settings: written from src/tracer/settings.ts -->\n'
  const at = page.indexOf(begin)
  expect(at).toBeGreaterThan(0)
  const table = page.slice(at + begin.length, page.indexOf('<!-- end of tracer settings -->'))
  expect(table).toBe(settingsTable())
})

/** The table of the documentation, in Markdown. */
function settingsTable(): string {
  const rows = Object.entries(settings as Record<string, Setting>).map(([name, setting]) => {
    const names = environmentNames(setting).map((env) => `\`${env}\``)
    const cells = [`\`${name}\``, names.join(', '), shownDefault(setting), accepted(setting), setting.meaning]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return ['| option | environment | default | accepts | meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

function shownDefault({ default: value }: Setting): string {
  if (value === undefined || value === '') return 'none'
  if (typeof value === 'object') return 'empty'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 60 ? 'a built-in pattern' : `\`${text}\``
}
