import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { accepts, loadConfig, parseListen, settings, type Setting } from '../../src/collector/config.ts'
import { temporaryDirectory } from '../support/collector-process.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

const accepted = [
  { says: 'a number', env: { RETENTION_DAYS: '7' }, name: 'retentionDays', value: 7 },
  { says: 'on', env: { RESPONSE_AUTOMATION: 'on' }, name: 'automation', value: true },
  { says: 'off', env: { RESPONSE_AUTOMATION: 'OFF' }, name: 'automation', value: false },
  {
    says: 'a list',
    env: { TRUSTED_PROXIES: ' 10.0.0.1, 10.1.0.0/16 ,' },
    name: 'trustedProxies',
    value: ['10.0.0.1', '10.1.0.0/16'],
  },
  { says: 'a place to listen', env: { AGENT_LISTEN: '[::1]:9' }, name: 'agentListen', value: '[::1]:9' },
  { says: 'an empty text, which is no value', env: { LOG_LEVEL: '' }, name: 'logLevel', value: 'info' },
  { says: 'a URL', env: { PUBLIC_URL: 'https://a.example/x/' }, name: 'publicUrl', value: 'https://a.example/x/' },
  { says: 'a mail server', env: { SMTP_URL: 'smtp://a:b@c:25' }, name: 'smtpUrl', value: 'smtp://a:b@c:25' },
  { says: 'a share', env: { AUTOMATION_CEILING: '0.5' }, name: 'automationCeiling', value: 0.5 },
] as const
test.each(accepted)('the environment may say $says', ({ env, name, value }) => {
  const { config, warnings } = loadConfig({}, undefined, env)
  expect(config[name]).toEqual(value)
  expect(warnings).toEqual([])
})

const refused = [
  { env: { RETENTION_DAYS: 'ten' }, name: 'retentionDays' },
  { env: { RETENTION_DAYS: '0' }, name: 'retentionDays' },
  { env: { RETENTION_DAYS: '1.5' }, name: 'retentionDays' },
  { env: { RETENTION_DAYS: 'Infinity' }, name: 'retentionDays' },
  { env: { AUTOMATION_CEILING: '1.1' }, name: 'automationCeiling' },
  { env: { DISK_BUDGET_GB: '-1' }, name: 'diskBudgetGb' },
  { env: { AGENT_LISTEN: '8126' }, name: 'agentListen' },
  { env: { CONSOLE_LISTEN: 'localhost:65536' }, name: 'consoleListen' },
  { env: { RESPONSE_AUTOMATION: 'sometimes' }, name: 'automation' },
  { env: { STORE_ALL_TRACES: 'yes please' }, name: 'storeAllTraces' },
  { env: { LOG_LEVEL: 'verbose' }, name: 'logLevel' },
  { env: { PUBLIC_URL: 'console.example.com' }, name: 'publicUrl' },
  { env: { PUBLIC_URL: 'javascript:alert(1)' }, name: 'publicUrl' },
  { env: { SMTP_URL: 'https://mail.example.com' }, name: 'smtpUrl' },
  { env: { OTLP_LISTEN: '4318' }, name: 'otlpListen' },
] as const
test.each(refused)('$env is said to be wrong, and the default stands', ({ env, name }) => {
  const { config, warnings, origins } = loadConfig({}, undefined, env)
  expect(config[name]).toEqual(settings[name].default)
  expect(origins[name]).toBe('default')
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(Object.keys(env)[0])
})

test('every case ran', () => {
  expect(accepted.length + refused.length).toBe(24)
})

test('of a list of networks, what is none is said to be wrong and left out', () => {
  const { config, warnings } = loadConfig({}, undefined, {
    AGENT_ALLOW_FROM: '10.0.0.0/99',
    TRUSTED_PROXIES: '10.0.0.1,proxy,::1',
  })
  expect([config.agentAllowFrom, config.trustedProxies]).toEqual([[], ['10.0.0.1', '::1']])
  expect(warnings).toEqual([
    expect.stringMatching(/^AGENT_ALLOW_FROM=10\.0\.0\.0\/99 is not accepted .*; using the others$/),
    expect.stringMatching(/^TRUSTED_PROXIES=proxy is not accepted .*; using the others$/),
  ])
})

test.each([
  ['OTLP_LISTEN', '4318', 'none'],
  ['RESPONSE_AUTOMATION', 'maybe', 'off'],
  ['RETENTION_DAYS', '0', '30'],
])('the warning of %s says what counts instead', (name, value, instead) => {
  expect(loadConfig({}, undefined, { [name]: value }).warnings).toEqual([expect.stringMatching(`; using ${instead}$`)])
})

test('options come before the environment, and the environment before the file', () => {
  const file = join(directory.path, 'order.json')
  writeFileSync(file, JSON.stringify({ retentionDays: 1, diskBudgetGb: 2, dataDir: '/from/file' }))
  const env = { RETENTION_DAYS: '3', DISK_BUDGET_GB: '4' }
  const { config, origins } = loadConfig({ retentionDays: 5 }, file, env)
  expect(config).toMatchObject({ retentionDays: 5, diskBudgetGb: 4, dataDir: '/from/file' })
  expect(origins).toMatchObject({
    retentionDays: 'option',
    diskBudgetGb: 'environment',
    dataDir: 'file',
    token: 'default',
  })
})

test('a name that is almost one of ours is asked about, in the file and in the environment', () => {
  const file = join(directory.path, 'names.json')
  writeFileSync(file, '{"retentionDay": 1, "__proto__": 2}')
  const { warnings } = loadConfig({}, file, { RETENTON_DAYS: '3', PATH: '/bin', LANG: 'C', LOGNAME: 'me' })
  expect(warnings).toEqual([
    expect.stringContaining('"retentionDay"; did you mean "retentionDays"?'),
    expect.stringContaining('"__proto__"'),
    expect.stringContaining('"RETENTON_DAYS"; did you mean "RETENTION_DAYS"?'),
  ])
})

test('a secret is not repeated in a warning', () => {
  const { warnings } = loadConfig({ token: 5 as unknown as string }, undefined, {})
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('<hidden>')
  expect(warnings[0]).not.toContain('=5')
})

test.each(['', '{', '[]', '"x"', 'null'])('a configuration file with %j is refused', (content) => {
  const file = join(directory.path, 'broken.json')
  writeFileSync(file, content)
  expect(() => loadConfig({}, file, {})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

test('a place to listen has a host and a port', () => {
  expect(parseListen('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 })
  expect(parseListen('[::]:8126')).toEqual({ host: '::', port: 8126 })
  for (const text of ['', ':8126', 'host', 'a:b', '::1:80', 'h:70000']) expect(parseListen(text)).toBeUndefined()
})

test('docs/configuration.md has the table of settings as it is', () => {
  const page = readFileSync('docs/configuration.md', 'utf8')
  const begin = '<!-- collector settings: written from src/collector/config.ts -->\n'
  const at = page.indexOf(begin)
  expect(at).toBeGreaterThan(0)
  expect(page.slice(at + begin.length, page.indexOf('<!-- end of collector settings -->'))).toBe(settingsTable())
})

/** The table of the documentation, in Markdown. */
function settingsTable(): string {
  const rows = Object.entries<Setting<unknown>>(settings).map(([name, setting]) => {
    const cells = [`\`${name}\``, `\`${setting.env}\``, shownDefault(setting), accepts(setting), setting.meaning]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return ['| option | environment | default | accepts | meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

function shownDefault({ default: value, type }: Setting<unknown>): string {
  if (value === '') return 'none'
  if (typeof value === 'object') return 'empty'
  if (type === 'onOff') return value === true ? '`on`' : '`off`'
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
