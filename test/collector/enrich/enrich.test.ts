import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Span } from '../../../src/model/span.ts'
import { createAddressReader } from '../../../src/collector/enrich/address.ts'
import { createDisposableReader } from '../../../src/collector/enrich/disposable-domains.ts'
import { createNetworkReader } from '../../../src/collector/enrich/network.ts'
import { isServiceEntry } from '../../../src/collector/enrich/select-spans.ts'
import { loadThreatIntel } from '../../../src/collector/enrich/load-threat-intel.ts'
import { threatIntelList } from '../../../src/collector/enrich/threat-intel.ts'
import { parseThreatIntelCsv } from '../../../src/collector/enrich/threat-intel-csv.ts'
import { createToBatch } from '../../../src/collector/enrich/to-batch.ts'
import { toRecord } from '../../../src/collector/enrich/to-record.ts'
import { createUserAgentReader } from '../../../src/collector/enrich/user-agent.ts'
import type { SpanRecord } from '../../../src/model/span-record.ts'
import { aSpan, nowMs } from '../../conformance/store/fixtures.ts'

const require = createRequire(import.meta.url)
const countryDatabase = join(
  dirname(require.resolve('@ip-location-db/geo-whois-asn-country-mmdb/package.json')),
  'geo-whois-asn-country.mmdb',
)
const warnings: string[] = []
const network = createNetworkReader({
  asn: '/nowhere.mmdb',
  country: countryDatabase,
  onWarning: (text) => warnings.push(text),
})
const addresses = createAddressReader(network)
addresses.setThreatIntel([
  threatIntelList('ours', [
    { network: '203.0.113.0/24', category: 'hosting_proxy', intention: 'suspicious', source: 'wide' },
    { network: '203.0.113.9', category: 'residential_proxy', intention: 'malicious', source: 'narrow' },
  ]),
  threatIntelList('others', [{ network: '203.0.113.0/28', category: 'tor', intention: 'suspicious', source: 'tor' }]),
])
const readers = { userAgent: createUserAgentReader(), network: (ip: string) => addresses.read(ip) }
const attributesOf = (meta: Record<string, string>, metrics: Record<string, number> = {}) =>
  toRecord(aSpan({ meta, metrics }), readers).attributes

const login = 'appsec.events.users.login.failure'
const triggers = (...rules: readonly { id: string; tags?: Record<string, string> }[]) =>
  JSON.stringify({ triggers: rules.map((rule) => ({ rule })) })

const cases: readonly { says: string; meta: Record<string, string>; gives: Record<string, unknown> }[] = [
  {
    says: 'a tracked event is a security activity, with its data',
    meta: {
      [`${login}.track`]: 'true',
      [`${login}.usr.login`]: 'ann',
      [`${login}.usr.exists`]: 'false',
      [`${login}.org.name`]: 'x',
    },
    gives: {
      'appsec.security_activity': ['business_logic.users.login.failure'],
      'appsec.events_data.usr.login': 'ann',
      'appsec.events_data.usr.exists': false,
      'appsec.events_data.org.name': 'x',
      [`${login}.usr.login`]: undefined,
    },
  },
  {
    says: 'what the event does not say, the tags of the span do',
    meta: {
      'appsec.events.users.login.success.track': 'true',
      'usr.id': 'u1',
      'usr.login': 'ann',
      'usr.exists': 'true',
    },
    gives: {
      'appsec.events_data.usr.id': 'u1',
      'appsec.events_data.usr.login': 'ann',
      'appsec.events_data.usr.exists': true,
    },
  },
  {
    says: 'a WAF event is an attack attempt of its type, and its rule is named',
    meta: {
      '_dd.appsec.json': triggers({ id: 'crs-942-100', tags: { type: 'sql_injection', category: 'attack_attempt' } }),
    },
    gives: {
      'appsec.security_activity': ['attack_attempt.sql_injection'],
      'appsec.rules': ['crs-942-100'],
      'appsec.event': true,
    },
  },
  {
    says: 'a WAF event of a business-logic rule is a business-logic activity, with the stored tags as its data',
    meta: {
      '_dd.appsec.json': triggers({ id: 'x', tags: { type: 'users.login.failure', category: 'business_logic' } }),
      'usr.login': 'ann',
    },
    gives: {
      'appsec.security_activity': ['business_logic.users.login.failure'],
      'appsec.events_data.usr.login': 'ann',
    },
  },
  {
    says: 'a request that is no event has no event data',
    meta: { 'usr.id': 'u1' },
    gives: { 'usr.id': 'u1', 'appsec.events_data.usr.id': undefined },
  },
  { says: 'a block is a flag', meta: { 'appsec.blocked': 'true' }, gives: { 'appsec.blocked': true } },
  {
    says: 'broken WAF JSON is only a tag',
    meta: { '_dd.appsec.json': '{"triggers":[{"rule":5},null' },
    gives: { 'appsec.rules': undefined },
  },
  {
    says: 'WAF JSON of other shapes is only a tag',
    meta: { '_dd.appsec.json': '{"triggers":{"0":1}}' },
    gives: { 'appsec.event': undefined },
  },
  {
    says: 'fingerprints are taken apart, empty parts left out',
    meta: {
      '_dd.appsec.fp.http.endpoint': 'http-post-7e93fba0--f29f6224',
      '_dd.appsec.fp.http.header': 'hdr-0110000010-74c2908f-3-98425651',
      '_dd.appsec.fp.http.network': 'net-1-1000000000',
      '_dd.appsec.fp.session': 'ssn-8c6976e5-df6143bc-60ba1602-269500d3',
      '_dd.appsec.fp.http.order': 'ord-4-0a1b2c3d',
    },
    gives: {
      'appsec.fingerprint.endpoint.method': 'post',
      'appsec.fingerprint.endpoint.path_hash': '7e93fba0',
      'appsec.fingerprint.endpoint.query_hash': undefined,
      'appsec.fingerprint.endpoint.body_hash': 'f29f6224',
      'appsec.fingerprint.header.known_headers': '0110000010',
      'appsec.fingerprint.header.ua_hash': '74c2908f',
      'appsec.fingerprint.header.unknown_count': '3',
      'appsec.fingerprint.header.unknown_hash': '98425651',
      'appsec.fingerprint.header.order': 'ord-4-0a1b2c3d',
      'appsec.fingerprint.network.ip_count': '1',
      'appsec.fingerprint.network.ip_headers': '1000000000',
      'appsec.fingerprint.session.user_hash': '8c6976e5',
      'appsec.fingerprint.session.cookie_names_hash': 'df6143bc',
      'appsec.fingerprint.session.cookie_values_hash': '60ba1602',
      'appsec.fingerprint.session.session_hash': '269500d3',
    },
  },
  {
    says: 'a fingerprint of another shape is only a tag',
    meta: { '_dd.appsec.fp.http.network': 'net-1' },
    gives: { 'appsec.fingerprint.network.ip_count': undefined, '_dd.appsec.fp.http.network': 'net-1' },
  },
  {
    says: 'the user agent is described, wherever it stands',
    meta: {
      'http.request.headers.user-agent':
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36',
    },
    gives: {
      'http.useragent_details.browser.family': 'Chrome',
      'http.useragent_details.browser.version': '125.0.0.0',
      'http.useragent_details.os.family': 'Windows',
      'http.useragent_details.os.version': '10',
    },
  },
  {
    says: 'an address has a range, a country and what the lists say, the narrowest network of each',
    meta: { 'http.client_ip': '203.0.113.9' },
    gives: {
      'network.client.range': '203.0.113.0/24',
      'appsec.threat_intel': true,
      'threat_intel.results.category': ['residential_proxy', 'tor'],
      'threat_intel.results.intention': ['malicious', 'suspicious'],
      'threat_intel.results.source.name': ['narrow', 'tor'],
    },
  },
  {
    says: 'an IPv6 address has a range of 48 bits',
    meta: { 'http.client_ip': '2001:4860:4860:1::8888' },
    gives: {
      'network.client.range': '2001:4860:4860::/48',
      'network.client.country': 'US',
      'appsec.threat_intel': undefined,
    },
  },
  {
    says: 'IPv4 inside of IPv6 is what it is',
    meta: { 'http.client_ip': '::ffff:203.0.113.9' },
    gives: {
      'network.client.ip': '203.0.113.9',
      'network.client.range': '203.0.113.0/24',
      'appsec.threat_intel': true,
    },
  },
  {
    says: 'what is no address has no facts',
    meta: { 'http.client_ip': 'nonsense' },
    gives: { 'network.client.range': undefined },
  },
  { says: 'a status code is a number', meta: { 'http.status_code': '401' }, gives: { 'http.status_code': 401 } },
]
test.each(cases)('$says', ({ meta, gives }) => {
  const attributes = attributesOf(meta)
  expect(Object.fromEntries(Object.keys(gives).map((name) => [name, attributes[name]]))).toEqual(gives)
})
test('every case ran', () => expect(cases.length).toBe(16))

test('tags, numbers and reserved fields are all there', () => {
  const span = aSpan({
    error: 1,
    meta: { env: 'prod', version: '2', __proto__: 'x', 'http.url': '/a' },
    metrics: { process_id: 7 },
  })
  const record = toRecord(span, readers)
  expect(record).toMatchObject({
    env: 'prod',
    version: '2',
    status: 'error',
    resource: span.resource,
    operation: span.name,
  })
  expect(Object.entries(record.attributes)).toEqual([
    ['http.url', '/a'],
    ['process_id', 7],
  ])
})

test('a database that cannot be read is said once, and the others stand', () => {
  expect(warnings).toEqual([expect.stringContaining('ASN_DATABASE=/nowhere.mmdb')])
})

describe('a threat-intel list as CSV', () => {
  test('is loaded from a file; one that is not there is a warning', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'portcullis-intel-'))
    try {
      await writeFile(join(dir, 'tor.csv'), 'ip_address,category\n192.0.2.0/24,tor\nnonsense,tor\n')
      const said: string[] = []
      const lists = await loadThreatIntel([join(dir, 'tor.csv'), join(dir, 'gone.csv')], (text) => said.push(text))
      expect(lists.map(({ name, size }) => [name, size])).toEqual([['tor.csv', 1]])
      expect(lists[0]?.find('192.0.2.77')).toEqual({ category: 'tor', intention: '', source: '' })
      expect(said).toEqual([expect.stringContaining('nonsense'), expect.stringContaining('gone.csv')])
    } finally {
      await rm(dir, { recursive: true })
    }
  })

  test('is read, quotes and all', () => {
    const csv =
      '\ufeffip_address,additional_data,category,intention,source\r\n10.0.0.0/8,"{""a"":1,\n""b"":2}",tor,malicious,"{""name"":""us"",""url"":""x""}"\r\n\r\n192.0.2.1,,c2,suspicious,them'
    expect([...parseThreatIntelCsv(csv)]).toEqual([
      { network: '10.0.0.0/8', category: 'tor', intention: 'malicious', source: 'us' },
      { network: '192.0.2.1', category: 'c2', intention: 'suspicious', source: 'them' },
    ])
  })
  test('says in which row it is wrong', () => {
    expect(() => [...parseThreatIntelCsv('a,b\n1,2')]).toThrow(/row 1/)
    expect(() => [...parseThreatIntelCsv('ip_address,category\n1.2.3.4,tor\n"",tor')]).toThrow(/row 3/)
  })
})

describe('which spans are records', () => {
  const parent = aSpan({ metrics: { '_dd.top_level': 1 }, meta: { 'span.kind': 'server' } })
  const child = (changes: Partial<Span>) => aSpan({ traceId: parent.traceId, parentId: parent.spanId, ...changes })
  const entries: readonly { says: string; span: Span; is: boolean }[] = [
    { says: 'what a tracer marks', span: parent, is: true },
    { says: 'no child of the same service', span: child({}), is: false },
    { says: 'a child of another service', span: child({ service: 'api' }), is: true },
    {
      says: 'no call to elsewhere, though it is marked',
      span: child({ service: 'pg', meta: { 'span.kind': 'client' }, metrics: { '_dd.top_level': 1 } }),
      is: false,
    },
    { says: "an OpenTelemetry server's span", span: child({ meta: { 'span.kind': 'server' } }), is: true },
    { says: 'no internal span', span: aSpan({ meta: { 'span.kind': 'internal' } }), is: false },
    { says: 'whatever has a security event', span: child({ meta: { [`${login}.track`]: 'true' } }), is: true },
    { says: 'a web span whose parent is elsewhere', span: aSpan({ parentId: 'ab'.repeat(8) }), is: true },
  ]
  test.each(entries)('$says', ({ span, is }) => {
    expect(isServiceEntry(span, () => (span.parentId === parent.spanId ? parent : undefined))).toBe(is)
  })
})

describe('what is kept in full', () => {
  const trusted = { trusted: true }
  test('security activities and kept traces, with all their spans; the rest compact', () => {
    const toBatch = createToBatch({ readers })
    const attacked = aSpan({ meta: { [`${login}.track`]: 'true' } })
    const child = aSpan({ traceId: attacked.traceId, parentId: attacked.spanId })
    const kept = aSpan({ metrics: { _sampling_priority_v1: 2 } })
    const plain = aSpan({ metrics: { _sampling_priority_v1: 1 } })
    const batch = toBatch([attacked, child, kept, plain], trusted, nowMs)
    expect(batch.records.map(({ record, keep }) => [record.spanId, keep])).toEqual([
      [attacked.spanId, 'full'],
      [kept.spanId, 'full'],
      [plain.spanId, 'compact'],
    ])
    expect(batch.spans).toEqual([attacked, child, kept])
    const late = aSpan({ traceId: attacked.traceId, parentId: attacked.spanId })
    expect(toBatch([late], trusted, nowMs).spans).toEqual([late])
  })

  test('a flood of kept traces is bounded by second and service, and never costs a security activity', () => {
    const toBatch = createToBatch({ readers })
    const flood = Array.from({ length: 300 }, () => aSpan({ metrics: { _sampling_priority_v1: 2 } }))
    const login_ = aSpan({ meta: { [`${login}.track`]: 'true' } })
    const { records } = toBatch([...flood, login_], trusted, nowMs)
    expect(records.filter(({ keep }) => keep === 'full')).toHaveLength(101)
    expect(toBatch([flood[0] as Span], trusted, nowMs + 1000).records[0]?.keep).toBe('full')
  })

  test('a compact record carries what baselines and collateral need, and nothing else', () => {
    const meta = {
      'http.route': '/cart',
      'http.client_ip': '203.0.113.9',
      'usr.id': 'u1',
      '_dd.appsec.fp.http.order': 'ord-9-1',
      'http.request.headers.cookie': 'secret',
      'http.url': 'https://shop.example/cart?token=1',
      note: 'x',
    }
    const [made] = createToBatch({ readers })([aSpan({ meta, metrics: { retries: 3 } })], trusted, nowMs).records
    expect(made?.keep).toBe('compact')
    const attributes: SpanRecord['attributes'] = made?.record.attributes ?? {}
    expect(attributes).toMatchObject({ 'http.route': '/cart', 'http.client_ip': '203.0.113.9', 'usr.id': 'u1' })
    expect(attributes['appsec.fingerprint.header.order']).toBe('ord-9-1')
    expect(['http.request.headers.cookie', 'http.url', 'note', 'retries'].filter((name) => name in attributes)).toEqual(
      [],
    )
  })

  test('what is asked for is kept in full', () => {
    const isWanted = (record: SpanRecord): boolean => record.attributes['usr.id'] === 'u1'
    const spans = ['u1', 'u2'].map((id) => aSpan({ meta: { 'usr.id': id, note: 'x' } }))
    const { records } = createToBatch({ readers, isWanted })(spans, trusted, nowMs)
    expect(records.map(({ record, keep }) => [keep, record.attributes['note']])).toEqual([
      ['full', 'x'],
      ['compact', undefined],
    ])
  })

  test('many compact records are sampled by trace, and say how many they stand for', () => {
    const toBatch = createToBatch({ readers })
    const spans = Array.from({ length: 4000 }, () => aSpan())
    toBatch(spans, trusted, nowMs)
    const { records } = toBatch(
      Array.from({ length: 4000 }, () => aSpan()),
      trusted,
      nowMs + 1000,
    )
    expect(records.length).toBeLessThan(800)
    const stands = records.reduce((sum, { weight = 1 }) => sum + weight, 0)
    expect(stands / 4000).toBeGreaterThan(0.5)
    expect(stands / 4000).toBeLessThan(1.6)
  })

  test('everything, when asked to; and what somebody wants', () => {
    expect(createToBatch({ readers, storeAllTraces: true })([aSpan()], trusted, nowMs).records[0]?.keep).toBe('full')
    const isWanted = ({ service }: { service: string }) => service === 'shop'
    expect(createToBatch({ readers, isWanted })([aSpan()], trusted, nowMs).records[0]?.keep).toBe('full')
  })
})

describe('disposable e-mail addresses', () => {
  const disposable = createDisposableReader(['Throwaway.example', '-yopmail.com', ''])

  test.each([
    ['me@mailinator.com', true],
    ['me@MAILINATOR.com', true],
    ['me@inbox.mailinator.com', true],
    ['me@throwaway.example', true],
    ['me@yopmail.com', false],
    ['me@notmailinator.com', false],
    ['me@mailinator.com.example', false],
    ['mailinator.com', false],
    ['me@', false],
    ['', false],
  ])('%s: %s', (text, expected) => expect(disposable(text)).toBe(expected))

  test('an event whose login or address is one says so', () => {
    const meta = (name: string, value: string): Record<string, string> => ({
      'appsec.events.users.signup.track': 'true',
      [`appsec.events.users.signup.${name}`]: value,
    })
    const read = (name: string, value: string): unknown =>
      toRecord(aSpan({ meta: meta(name, value) }), { ...readers, disposable }).attributes['appsec.disposable_email']
    expect(read('usr.login', 'me@mailinator.com')).toBe(true)
    expect(read('usr.email', 'me@mailinator.com')).toBe(true)
    expect(read('usr.login', 'me@example.com')).toBeUndefined()
    expect(read('usr.name', 'me@mailinator.com')).toBeUndefined()
  })
})
