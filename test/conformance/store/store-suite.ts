import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { createNetworkReader } from '../../../src/collector/enrich/network.ts'
import { createToBatch } from '../../../src/collector/enrich/to-batch.ts'
import { createUserAgentReader } from '../../../src/collector/enrich/user-agent.ts'
import type { Span } from '../../../src/model/span.ts'
import { decodeClientTraits } from '../../../src/model/client-traits.ts'
import type { AttributeValue, SpanRecord } from '../../../src/model/span-record.ts'
import type { Store, WindowRequest } from '../../../src/collector/store/store.ts'
import { match, print } from '../../../src/query/query.ts'
import { queriesOnRecords, records } from '../../support/queries.ts'
import { aFailure, aRecord, aSpan, aSuccess, always, batchOf, full, nowMs } from './fixtures.ts'
import { type StoredRow, sorted, windowModel } from './window-model.ts'

/** One engine under test. */
export interface EngineUnderTest {
  readonly name: string
  /** An empty store whose clock stands at `clock.nowMs`; `reopen` closes it and opens what it left behind. */
  open(clock: { nowMs: number }): Promise<{ readonly store: Store; reopen(): Promise<Store>; dispose(): Promise<void> }>
}

const failure = '@appsec.security_activity:business_logic.users.login.failure'
const success = '@appsec.security_activity:business_logic.users.login.success'
const stuffing = {
  queries: {
    failures: { filter: failure, aggregate: 'count' },
    users: { filter: failure, aggregate: 'cardinality', of: '@appsec.events_data.usr.login' },
    successes: { filter: success, aggregate: 'count' },
  },
  suppress: [],
  groupBy: ['env', 'service', '@http.client_ip'],
  windowSeconds: 600,
} as const satisfies Omit<WindowRequest, 'touched'>

const toBatch = createToBatch({
  readers: {
    userAgent: createUserAgentReader(),
    network: createNetworkReader({ asn: '', country: '', onWarning: fail }),
  },
  storeAllTraces: true,
})

function fail(warning: string): void {
  throw new Error(warning)
}

/** What every engine does alike. */
export function storeSuite(engine: EngineUnderTest): void {
  describe(`store: ${engine.name}`, () => {
    const clock = { nowMs }
    let opened: Awaited<ReturnType<EngineUnderTest['open']>>
    let store: Store
    const fresh = async (): Promise<void> => {
      clock.nowMs = nowMs
      opened = await engine.open(clock)
      store = opened.store
    }
    const found = async (query: string): Promise<readonly SpanRecord[]> =>
      (await store.search(query, always, { limit: 1000, sort: 'timestamp' })).records

    describe('append', () => {
      afterEach(() => opened.dispose())

      test('what is appended comes back as it was', async () => {
        await fresh()
        const record = aFailure('ann@example.com', '203.0.113.9', {
          timestampMs: nowMs - 1234.567,
          attributes: {
            'http.status_code': 401,
            'appsec.blocked': true,
            'appsec.rules': ['crs-942-100', 'ua0'],
            'http.request.headers.x-custom': 'a "quoted" \\ value',
            'process.pid': 4711,
            ratio: 0.30000000000000004,
            'feature.on': false,
            tags: ['x', 'y', ''],
            empty: '',
            __proto__: 'no',
          },
        })
        await store.append(batchOf([record]))
        expect(await found('')).toEqual([record])
        store = await opened.reopen()
        expect(await found('')).toEqual([record])
      })

      test('hostile names and values stay inert', async () => {
        await fresh()
        const attributes = JSON.parse(
          JSON.stringify({
            "'; DROP TABLE records; --": "'; DROP TABLE records; --",
            'a/b~c"d': '$p0',
            '\u0000': '\u0000\u202e\u0007',
            '$.*': '[*]',
            constructor: 'x',
            ['x'.repeat(5000)]: 'y'.repeat(100_000),
          }).replace('{', '{"__proto__":"polluted",'),
        ) as Record<string, string>
        const record = aRecord({ service: '=cmd|calc', attributes })
        await store.append(batchOf([record]))
        const [back] = await found('@a/b~c\\"d:"$p0" @__proto__:polluted')
        expect(new Map(Object.entries(back?.attributes ?? {}))).toEqual(new Map(Object.entries(attributes)))
        expect(({} as { polluted?: string }).polluted).toBeUndefined()
      })

      test('a lone surrogate becomes the replacement character, and the rest of the record survives', async () => {
        await fresh()
        await store.append(batchOf([aRecord({ attributes: { odd: 'a\ud800b', fine: 'x' } })]))
        expect((await found('@fine:x'))[0]?.attributes).toEqual({ odd: 'a\ufffdb', fine: 'x' })
      })

      test('an attribute of another type than usual is kept as it is, and found', async () => {
        await fresh()
        const odd = [
          aRecord({ attributes: { 'http.status_code': '4xx' } }),
          aRecord({ attributes: { 'http.status_code': 404.5 } }),
          aRecord({ attributes: { 'usr.id': 7 } }),
          aRecord({ attributes: { 'usr.id': ['a', 'b'] } }),
          aRecord({ attributes: { 'appsec.blocked': 'true' } }),
          aRecord({ attributes: { 'appsec.rules': 'only' } }),
          aRecord({ attributes: { 'http.client_ip': ['10.0.0.1', '192.0.2.1'] } }),
        ]
        await store.append(batchOf([...odd, aRecord({ attributes: { 'http.status_code': 404, 'usr.id': 'b' } })]))
        expect(await found('')).toHaveLength(8)
        expect((await found('')).slice(0, 7).map(({ attributes }) => attributes)).toEqual(odd.map((r) => r.attributes))
        expect(await found('@usr.id:b')).toHaveLength(2)
        expect(await found('@usr.id:7')).toHaveLength(1)
        expect(await found('@http.status_code:>=404')).toHaveLength(2)
        expect(await found('@appsec.blocked:true')).toHaveLength(1)
        expect(await found('@http.client_ip:192.0.2.0/24')).toHaveLength(1)
        expect((await store.top('', always, { by: ['@usr.id'], aggregates: ['count'], limit: 9 })).length).toBe(3)
      })

      test('spans come back as they were, whatever their tags, with a record of their own or without', async () => {
        await fresh()
        const hostile = [
          '',
          '__proto__',
          '\u0000',
          'a\u0000b',
          '\ufeffmark',
          '\ud800',
          'a "quoted" \\ value',
          '401',
          '-0',
        ]
        const names = [
          'env',
          'version',
          'http.status_code',
          'http.useragent',
          'http.client_ip',
          'network.client.ip',
          'x',
        ]
        const made = ['appsec.blocked', 'appsec.event', 'appsec.events.users.login.failure.track', 'http.url', 'usr.id']
        const text = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary', maxLength: 12 }))
        const name = fc.oneof(fc.constantFrom(...hostile, ...names, ...made), text)
        const tags = <T>(value: fc.Arbitrary<T>) =>
          fc.array(fc.tuple(name, value), { maxLength: 12 }).map((entries) => Object.fromEntries(entries))
        const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0))
        const spans = fc.record({
          startMs: fc.integer({ min: -60_000_000, max: 0 }).map((microseconds) => nowMs + microseconds / 1000 + 0.0003),
          durationMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
          error: fc.constantFrom(0 as const, 1 as const),
          service: fc.constantFrom('shop', 'stock', '', '\ud800'),
          name: text,
          resource: text,
          type: text,
          meta: tags(fc.oneof(text, fc.constant('x'.repeat(9_000)))),
          metrics: tags(number),
          isChild: fc.boolean(),
          packed: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined }),
        })
        let runs = 0
        const check = fc.asyncProperty(fc.array(spans, { maxLength: 8 }), async (drafts) => {
          const traceId = (++runs).toString(16).padStart(32, '0')
          const batch = drafts.map(({ isChild, packed, ...draft }) =>
            aSpan({
              ...draft,
              traceId,
              ...(isChild ? { parentId: 'f'.repeat(16), metrics: { '_dd.top_level': 0 } } : {}),
              ...(packed ? { metaStruct: { _dd: packed } } : {}),
            }),
          )
          const sent = [...batch, aSpan({ traceId, metrics: { '_dd.top_level': 1 } })]
          await store.append(toBatch(sent, { trusted: true }, nowMs))
          const byId = (one: Span, other: Span) => (one.spanId < other.spanId ? -1 : 1)
          expect((await store.trace(traceId)).toSorted(byId)).toEqual(sent.toSorted(byId))
        })
        await fc.assert(check, { numRuns: 60 })
        expect(runs).toBeGreaterThanOrEqual(60)
      })

      test('a batch that comes again is counted, not stored, also after a restart', async () => {
        await fresh()
        const records = [aRecord(), aRecord()]
        const batch = { ...batchOf(records), spans: records.map(({ traceId, spanId }) => aSpan({ traceId, spanId })) }
        expect(await store.append(batch)).toEqual({ stored: 2, duplicates: 0 })
        expect(await store.append(batch)).toEqual({ stored: 0, duplicates: 2 })
        clock.nowMs += 10 * 60_000
        expect(await store.append({ ...batch, records: [...batch.records, full(aRecord())] })).toEqual({
          stored: 1,
          duplicates: 2,
        })
        store = await opened.reopen()
        expect(await store.append(batch)).toEqual({ stored: 0, duplicates: 2 })
        expect(await found('')).toHaveLength(3)
        expect(await store.trace(records[0]?.traceId ?? '')).toHaveLength(1)
      })

      test('a batch whose records lie on very many days is taken whole, and known when it comes again', async () => {
        await fresh()
        const records = Array.from({ length: 130 }, (_, day) => aRecord({ timestampMs: nowMs - day * 86_400_000 }))
        const spans = records.map(({ traceId, spanId, timestampMs }) =>
          aSpan({ traceId, spanId, startMs: timestampMs }),
        )
        const batch = { ...batchOf(records), spans }
        expect(await store.append(batch)).toEqual({ stored: 130, duplicates: 0 })
        expect(await store.append(batch)).toEqual({ stored: 0, duplicates: 130 })
        expect(await found('')).toHaveLength(130)
        expect(await store.sequence()).toBe(130)
      })

      test('the same batch in many calls at once is stored once', async () => {
        await fresh()
        const batch = batchOf(Array.from({ length: 50 }, () => aRecord()))
        const results = await Promise.all(Array.from({ length: 8 }, () => store.append(batch)))
        expect(results.reduce((sum, { stored }) => sum + stored, 0)).toBe(50)
        expect(await found('')).toHaveLength(50)
      })

      test('sequences count records from one, in the order of arrival, over restarts and erasure', async () => {
        await fresh()
        expect(await store.sequence()).toBe(0)
        await store.append(batchOf([aSuccess('ann', '192.0.2.1'), aSuccess('bob', '192.0.2.1')]))
        expect(await store.sequence()).toBe(2)
        expect(await store.eraseUser({ userId: 'id-bob' })).toBe(1)
        store = await opened.reopen()
        await store.append(batchOf([aRecord()]))
        expect(await store.sequence()).toBe(3)
      })

      test('a clock that is ahead counts as now; one that is a little ahead is believed', async () => {
        await fresh()
        await store.append(
          batchOf([
            aRecord({ timestampMs: nowMs + 3_600_000, service: 'ahead' }),
            aRecord({ timestampMs: nowMs + 30_000, service: 'slightly' }),
            aRecord({ timestampMs: 0, service: 'epoch' }),
          ]),
        )
        expect((await found('service:ahead'))[0]?.timestampMs).toBe(nowMs)
        expect((await found('service:slightly'))[0]?.timestampMs).toBe(nowMs + 30_000)
        expect((await found('service:epoch'))[0]?.timestampMs).toBeLessThan(nowMs - 300 * 86_400_000)
      })

      test('more than the store can hold back is refused, and taken later', async () => {
        await fresh()
        const attempts = await Promise.allSettled(
          Array.from({ length: 80 }, () => store.append(batchOf(Array.from({ length: 1000 }, () => aRecord())))),
        )
        const refused = attempts.filter((attempt) => attempt.status === 'rejected')
        expect(refused.length).toBeGreaterThan(0)
        expect(refused.every(({ reason }) => (reason as { code?: string }).code === 'STORE_FULL')).toBe(true)
        expect((await store.stats()).records).toBe((80 - refused.length) * 1000)
        await store.append(batchOf([aRecord()]))
      })

      test('after close everything is refused', async () => {
        await fresh()
        const appended = store.append(batchOf([aRecord()]))
        await store.close()
        expect(await appended).toEqual({ stored: 1, duplicates: 0 })
        await expect(store.append(batchOf([aRecord()]))).rejects.toMatchObject({ code: 'STORE_FULL' })
        await expect(store.search('', always, { limit: 1 })).rejects.toMatchObject({ code: 'STORE_FULL' })
      })

      test('compact records are no explorer records', async () => {
        await fresh()
        await store.append({ records: [full(aRecord(), { keep: 'compact', weight: 5 }), full(aRecord())], spans: [] })
        expect(await found('')).toHaveLength(1)
        expect(await store.sequence()).toBe(2)
      })

      test('groups of a window are compared with a baseline of any length, those that it lacks included', async () => {
        await fresh()
        expect(store.capabilities.engine).not.toBe('')
        const hourMs = 3_600_000
        const at = (ip: string, hoursAgo: number) => aFailure('ann', ip, { timestampMs: nowMs - hoursAgo * hourMs - 1 })
        await store.append(
          batchOf([
            ...[0, 0, 0, 1, 2].map((hours) => at('192.0.2.1', hours)),
            ...[0, 1, 1, 1, 2, 2].map((hours) => at('192.0.2.2', hours)),
            at('192.0.2.3', 0),
            at('192.0.2.4', 2),
          ]),
        )
        const window = { fromMs: nowMs - hourMs, toMs: nowMs }
        const baseline = { fromMs: nowMs - 3 * hourMs, toMs: nowMs - hourMs }
        const options = {
          by: ['@http.client_ip'],
          aggregates: ['count', { cardinality: '@appsec.events_data.usr.login' }],
          limit: 5,
        } as const
        const rows = await store.compare(failure, { window, baseline }, options)
        expect(rows).toEqual([
          { group: { '@http.client_ip': '192.0.2.1' }, values: [3, 1], baseline: [2, 1], excess: 2 },
          { group: { '@http.client_ip': '192.0.2.3' }, values: [1, 1], baseline: [0, 0], excess: 1 },
          { group: { '@http.client_ip': '192.0.2.2' }, values: [1, 1], baseline: [5, 1], excess: -1.5 },
        ])
        expect(await store.compare(failure, { window, baseline }, { ...options, limit: 1 })).toEqual(rows.slice(0, 1))
        const never = { fromMs: 1_000, toMs: 1_000 + hourMs }
        const unknown = await store.compare(failure, { window, baseline: never }, options)
        expect(unknown.map(({ values, baseline: before }) => [values[0], before[0]])).toEqual([
          [3, 0],
          [1, 0],
          [1, 0],
        ])
        expect(await store.compare(failure, { window: never, baseline: window }, options)).toEqual([])
        await expect(
          store.compare(failure, { window, baseline: { fromMs: 1, toMs: 1 } }, options),
        ).rejects.toMatchObject({
          code: 'REQUEST_INVALID',
        })
      })

      test('a question about all requests counts compact records by their weight, and those in full once', async () => {
        await fresh()
        const at = (hours: number) => ({
          timestampMs: nowMs - hours * 3_600_000,
          attributes: { 'http.client_ip': '192.0.2.1' },
        })
        const compact = [
          full(aRecord(at(3)), { keep: 'compact', weight: 5 }),
          full(aRecord({ ...at(1), service: 'api' }), { keep: 'compact', weight: 2 }),
        ]
        await store.append({ records: [...compact, full(aRecord(at(0)))], spans: [] })
        expect((await store.stats()).compactFromMs).toBe(nowMs - 3 * 3_600_000)
        const by = ['@http.client_ip']
        const ask = { by, aggregates: ['count', { cardinality: 'service' }], limit: 5 } as const
        expect((await store.top('', always, ask))[0]?.values).toEqual([1, 1])
        expect((await store.top('', always, { ...ask, records: 'all' }))[0]?.values).toEqual([8, 2])
        expect((await store.top('service:api', always, { ...ask, records: 'all' }))[0]?.values).toEqual([2, 1])
        const range = { fromMs: nowMs - 4 * 3_600_000, toMs: nowMs + 3_600_000 }
        const [series] = await store.timeseries('', range, {
          intervalMs: 3_600_000,
          aggregates: ['count'],
          records: 'all',
        })
        expect(series?.points.map(([, value]) => value)).toEqual([0, 5, 0, 2, 1])
        expect((await store.search('', always, { limit: 9, records: 'all' })).records).toHaveLength(3)
        expect(await store.dropCompactBefore(nowMs - 3_600_000)).toBe(1)
        expect((await store.top('', always, { ...ask, records: 'all' }))[0]?.values).toEqual([3, 2])
        expect((await store.stats()).compactFromMs).toBe(nowMs - 3_600_000)
        store = await opened.reopen()
        expect((await store.search('', always, { limit: 9, records: 'all' })).records).toHaveLength(2)
      })
    })

    describe('questions', () => {
      const day = 86_400_000
      const records = [
        aFailure('ann', '192.0.2.1', { timestampMs: nowMs - 2 * day, durationMs: 30 }),
        aFailure('bob', '192.0.2.1', { timestampMs: nowMs - 60_000, attributes: { 'http.status_code': 401 } }),
        aFailure('bob', '192.0.2.2', { timestampMs: nowMs - 59_000, status: 'error' }),
        aSuccess('bob', '192.0.2.2', { timestampMs: nowMs - 10_000, service: 'Shop' }),
        aRecord({ timestampMs: nowMs, resource: 'GET /cart', env: '', attributes: { list: ['a', 'b'] } }),
      ]
      const [ann, bob1, bob2, bobIn, cart] = records as [SpanRecord, SpanRecord, SpanRecord, SpanRecord, SpanRecord]
      const child = aSpan({ traceId: bob1.traceId, startMs: nowMs - 59_990, name: 'db.query' })
      beforeAll(async () => {
        await fresh()
        const entry = aSpan({
          traceId: bob1.traceId,
          spanId: bob1.spanId,
          startMs: nowMs - 60_000,
          metaStruct: { '_dd.stack': new Uint8Array([1, 2, 250]) },
        })
        await store.append({ ...batchOf(records), spans: [child, entry] })
      })
      afterAll(() => opened.dispose())

      const searches: readonly { query: string; finds: readonly SpanRecord[] }[] = [
        { query: '', finds: records },
        { query: failure, finds: [ann, bob1, bob2] },
        { query: `(${failure} OR ${success}) -@http.client_ip:192.0.2.1`, finds: [bob2, bobIn] },
        { query: 'service:shop', finds: records },
        { query: 'SERVICE', finds: [] },
        { query: 'cart', finds: [cart] },
        { query: '@http.status_code:[400 TO 499]', finds: [bob1] },
        { query: '@http.client_ip:192.0.2.0/31', finds: [ann, bob1] },
        { query: 'duration:>20ms', finds: [ann] },
        { query: 'status:error', finds: [bob2] },
        { query: '-env:*', finds: [cart] },
        { query: `trace_id:${bob2.traceId}`, finds: [bob2] },
        { query: `span_id:${BigInt(`0x${bob2.spanId}`)}`, finds: [bob2] },
        { query: '@list:b', finds: [cart] },
        { query: '@appsec.events_data.usr.login:(ANN OR b*)', finds: [ann, bob1, bob2, bobIn] },
        { query: '@nothing:*', finds: [] },
      ]
      test.each(searches)('search $query', async ({ query, finds }) => {
        expect(await found(query)).toEqual(finds)
      })
      test('every search ran', () => expect(searches.length).toBe(16))

      test('a range is half-open', async () => {
        const range = { fromMs: nowMs - 60_000, toMs: nowMs }
        const page = await store.search('', range, { limit: 9 })
        expect(page.records).toEqual([bobIn, bob2, bob1])
      })

      test('pages follow each other in either direction without a gap or an overlap', async () => {
        for (const sort of ['timestamp', '-timestamp'] as const) {
          const seen: SpanRecord[] = []
          let cursor: string | undefined
          do {
            const page = await store.search('', always, { limit: 2, sort, ...(cursor !== undefined && { cursor }) })
            expect(page.records.length).toBeLessThanOrEqual(2)
            seen.push(...page.records)
            cursor = page.next ?? undefined
          } while (cursor !== undefined)
          expect(seen).toEqual(sort === 'timestamp' ? records : records.toReversed())
        }
        await expect(store.search('', always, { limit: 2, cursor: 'nonsense' })).rejects.toMatchObject({
          code: 'REQUEST_INVALID',
        })
      })

      test('a query that cannot be read says where', async () => {
        await expect(store.search('service:', always, { limit: 1 })).rejects.toMatchObject({ code: 'QUERY_SYNTAX' })
        await expect(store.search('servce:x', always, { limit: 1 })).rejects.toMatchObject({
          code: 'QUERY_UNKNOWN_FIELD',
          position: 0,
          length: 6,
        })
      })

      test('top groups by facets, largest first', async () => {
        const rows = await store.top(failure, always, {
          by: ['@appsec.events_data.usr.login'],
          aggregates: ['count', { cardinality: '@http.client_ip' }],
          limit: 10,
        })
        expect(rows).toEqual([
          {
            group: { '@appsec.events_data.usr.login': 'bob' },
            values: [2, 2],
            firstSeenMs: nowMs - 60_000,
            lastSeenMs: nowMs - 59_000,
          },
          {
            group: { '@appsec.events_data.usr.login': 'ann' },
            values: [1, 1],
            firstSeenMs: nowMs - 2 * day,
            lastSeenMs: nowMs - 2 * day,
          },
        ])
        const lists = await store.top('', always, { by: ['@list', 'env'], aggregates: ['count'], limit: 1, offset: 1 })
        expect(lists.map(({ group }) => group)).toEqual([{ '@list': 'b', env: '' }])
      })

      test('a time series has every bucket, empty ones 0', async () => {
        const range = { fromMs: nowMs - 60_000, toMs: nowMs + 1 }
        const options = { intervalMs: 30_000, aggregates: ['count'] } as const
        expect(await store.timeseries('', range, options)).toEqual([
          {
            group: {},
            points: [
              [nowMs - 60_000, 2],
              [nowMs - 30_000, 1],
              [nowMs, 1],
            ],
          },
        ])
        const split = await store.timeseries('', range, { ...options, by: ['@http.client_ip'] })
        expect(split.map(({ group, points }) => [group['@http.client_ip'], points.map(([, value]) => value)])).toEqual([
          ['192.0.2.2', [1, 1, 0]],
          ['192.0.2.1', [1, 0, 0]],
        ])
        expect(await store.timeseries('service:nobody', range, options)).toEqual([
          { group: {}, points: [nowMs - 60_000, nowMs - 30_000, nowMs].map((at) => [at, 0]) },
        ])
      })

      test('facets are what was seen, with types and counts', async () => {
        const facets = await store.facets(always)
        const of = (name: string) => facets.find(({ facet }) => facet === name)
        expect(of('service')).toEqual({ facet: 'service', type: 'string', count: 5 })
        expect(of('@appsec.security_activity')).toEqual({ facet: '@appsec.security_activity', type: 'list', count: 4 })
        expect(of('@http.status_code')).toEqual({ facet: '@http.status_code', type: 'number', count: 1 })
        expect(of('@list')).toEqual({ facet: '@list', type: 'list', count: 1 })
        expect(of('@http.useragent')).toBeUndefined()
        expect(await store.facetValues('@http.client_ip', failure, always, 1)).toEqual([
          { value: '192.0.2.1', count: 2 },
        ])
      })

      test('a trace shows all its spans in the order of time, with or without a hint', async () => {
        const spans = await store.trace(bob1.traceId)
        expect(spans.map(({ name }) => name)).toEqual(['web.request', 'db.query'])
        expect(spans[0]?.metaStruct?.['_dd.stack']).toEqual(new Uint8Array([1, 2, 250]))
        expect(await store.trace(bob1.traceId, nowMs)).toEqual(spans)
        expect(await store.trace(bob1.traceId, nowMs - 5 * day)).toEqual([])
        expect(await store.trace('ffff')).toEqual([])
      })

      test('exports hold every match in the order of time', async () => {
        const text = async (format: 'csv' | 'ndjson') => {
          const parts: Uint8Array[] = []
          for await (const part of store.export('', always, format)) parts.push(part)
          return Buffer.concat(parts).toString()
        }
        const lines = (await text('ndjson')).trimEnd().split('\n')
        expect(lines.map((line) => (JSON.parse(line) as { spanId: string }).spanId)).toEqual(
          records.map((r) => r.spanId),
        )
        const csv = (await text('csv')).trimEnd().split('\r\n')
        expect(csv).toHaveLength(6)
        expect(csv[0]).toContain('@appsec.events_data.usr.login')
      })

      test('an export that is aborted ends', async () => {
        const stop = new AbortController()
        stop.abort()
        const parts: Uint8Array[] = []
        for await (const part of store.export('', always, 'ndjson', stop.signal)) parts.push(part)
        expect(parts).toEqual([])
      })
    })

    describe('scans', () => {
      afterEach(() => opened.dispose())

      test('a scan gives the attributes asked for of every match, compact records with their weight if asked', async () => {
        await fresh()
        const at = nowMs - 3_600_000
        const one = (id: string): SpanRecord =>
          aRecord({
            timestampMs: at,
            service: 'scanned',
            attributes: { 'http.method': id, 'http.status_code': 401, 'a.b': id, list: ['x', 'y'] },
          })
        await store.append({
          records: [full(one('full')), { ...full(one('compact')), keep: 'compact', weight: 7 }],
          spans: [],
        })
        const scanned = async (records: 'full' | 'all'): Promise<unknown[]> => {
          const found: unknown[] = []
          const attributes = ['http.method', 'http.status_code', 'a.b', 'list', 'absent']
          for await (const part of store.scan('service:scanned', always, { attributes, records })) {
            expect(part.timestampMs.every((ms) => ms === at)).toBe(true)
            expect(part.traceIds.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true)
            for (const row of part.weights.keys()) {
              found.push([part.weights[row], ...part.values.map((column) => column[row])])
            }
          }
          return found.toSorted()
        }
        const whole = [1, 'full', '401', 'full', ['x', 'y'], null]
        expect(await scanned('full')).toEqual([whole])
        expect(await scanned('all')).toEqual([whole, [7, 'compact', '401', 'compact', ['x', 'y'], null]])
      })
    })

    describe('keeping and forgetting', () => {
      afterEach(() => opened.dispose())

      test('days are dropped whole', async () => {
        await fresh()
        const day = 86_400_000
        const dayStart = Math.floor(nowMs / day) * day
        await store.append({
          records: [dayStart - 1, dayStart - 5 * day, dayStart, nowMs].map((timestampMs) =>
            full(aRecord({ timestampMs })),
          ),
          spans: [aSpan({ startMs: dayStart - 1 })],
        })
        expect(await store.dropBefore('2026-03-10')).toBe(2)
        expect((await found('')).map(({ timestampMs }) => timestampMs)).toEqual([dayStart, nowMs])
        expect(await store.dropBefore('2026-03-10')).toBe(0)
        await expect(store.dropBefore('yesterday')).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
      })

      test('a user is erased everywhere, and nobody else', async () => {
        await fresh()
        const records = [
          aSuccess('ann', '192.0.2.1'),
          aFailure('ann', '192.0.2.1'),
          aSuccess('bob', '192.0.2.1'),
          aRecord({ attributes: { 'usr.id': 'id-ann' } }),
        ]
        const spans = records.map(({ traceId, spanId }) => aSpan({ traceId, spanId }))
        await store.append({ ...batchOf(records), spans })
        expect(await store.eraseUser({ userId: 'id-ann' })).toBe(2)
        expect(await store.trace(records[0]?.traceId ?? '')).toEqual([])
        expect(await store.eraseUser({ login: 'ann' })).toBe(1)
        expect(await store.eraseUser({ login: "' OR 1=1 --" })).toBe(0)
        expect(await found('')).toEqual([records[2]])
      })

      test('of a trace in which an erased user took part, other records stay without their spans', async () => {
        await fresh()
        const traceId = 'a'.repeat(32)
        const [ann, other] = [aSpan({ traceId, meta: { 'usr.id': 'id-ann' } }), aSpan({ traceId, service: 'stock' })]
        await store.append(toBatch([ann, other, aSpan({ traceId, parentId: other.spanId })], { trusted: true }, nowMs))
        expect(await store.trace(traceId)).toHaveLength(3)
        expect(await store.eraseUser({ userId: 'id-ann' })).toBe(1)
        expect(await store.trace(traceId)).toEqual([])
        expect((await found('')).map(({ service }) => service)).toEqual(['stock', 'shop'])
      })

      test('cells that a spreadsheet would compute are made inert', async () => {
        await fresh()
        await store.append(
          batchOf([aRecord({ service: '=cmd|calc', resource: '+1,"x"', attributes: { 'usr.id': '@sum' } })]),
        )
        const parts: Uint8Array[] = []
        for await (const part of store.export('', always, 'csv')) parts.push(part)
        const row = Buffer.concat(parts).toString().split('\r\n')[1] ?? ''
        expect(row).toContain(",'=cmd|calc,")
        expect(row).toContain(`,"'+1,""x""",`)
        expect(row).toContain(",'@sum,")
      })
    })

    describe('kept lists', () => {
      const login = '@appsec.events_data.usr.login'
      const exists = '@appsec.events_data.usr.exists'
      const request = {
        query: failure,
        range: always,
        by: login,
        distinct: '@http.client_ip',
        counts: [success, `${failure} @http.client_ip:"203.0.113.0/24"`, 'service:nobody'],
        values: [
          { of: exists, query: failure },
          { of: '@usr.id', query: `(${failure}) OR (${success})` },
          { of: '@never.seen', query: failure },
        ],
      }
      beforeEach(async () => {
        await fresh()
        const seen = (value: string): { attributes: { [name: string]: string } } => ({
          attributes: { 'appsec.events_data.usr.exists': value },
        })
        await store.append(
          batchOf([
            aFailure('ann', '203.0.113.1', { timestampMs: nowMs - 3_000, ...seen('true') }),
            aFailure('ann', '203.0.113.2', { timestampMs: nowMs - 2_000, ...seen('true') }),
            aFailure('ann', '192.0.2.1', { timestampMs: nowMs - 1_000, ...seen('false') }),
            aFailure("' OR 1=1 --", '192.0.2.1', { timestampMs: nowMs - 500 }),
            aFailure('bob', '192.0.2.1', { timestampMs: nowMs - 400, ...seen('true') }),
            aFailure('bob', '192.0.2.1', { timestampMs: nowMs - 300, ...seen('false') }),
            aSuccess('ann', '192.0.2.9', { timestampMs: nowMs - 200 }),
            aSuccess('eve', '192.0.2.9', { timestampMs: nowMs - 100 }),
          ]),
        )
      })
      afterEach(() => opened.dispose())

      test('has each group with its figures, the largest first, and is read from any place', async () => {
        const list = await store.keepGroups(request)
        const ann = {
          value: 'ann',
          count: 3,
          distinct: 3,
          firstSeenMs: nowMs - 3_000,
          lastSeenMs: nowMs - 1_000,
          counts: [1, 2, 0],
          values: ['true', 'id-ann', null],
        }
        const bob = {
          value: 'bob',
          count: 2,
          distinct: 1,
          firstSeenMs: nowMs - 400,
          lastSeenMs: nowMs - 300,
          counts: [0, 0, 0],
          values: ['false', null, null],
        }
        const hostile = {
          value: "' OR 1=1 --",
          count: 1,
          distinct: 1,
          firstSeenMs: nowMs - 500,
          lastSeenMs: nowMs - 500,
          counts: [0, 0, 0],
          values: [null, null, null],
        }
        expect(await store.keptGroups(list, { from: 0, limit: 10 })).toEqual([ann, bob, hostile])
        expect(await store.keptGroups(list, { from: 1, limit: 1 })).toEqual([bob])
        expect(await store.keptGroups(list, { from: 3, limit: 1 })).toEqual([])
        const none = await store.keepGroups({ ...request, range: { fromMs: 0, toMs: 1 } })
        expect(await store.keptGroups(none, { from: 0, limit: 10 })).toEqual([])
      })

      test('stays as it was made, until it is dropped', async () => {
        const list = await store.keepGroups(request)
        await store.append(batchOf([aFailure('zoe', '192.0.2.1'), aFailure('bob', '192.0.2.1')]))
        const valuesOf = async (number: number): Promise<readonly string[] | undefined> =>
          (await store.keptGroups(number, { from: 0, limit: 10 }))?.map(({ value, count }) => `${value} ${count}`)
        expect(await valuesOf(list)).toEqual(['ann 3', 'bob 2', "' OR 1=1 -- 1"])
        expect(await valuesOf(await store.keepGroups(request))).toEqual(['ann 3', 'bob 3', "' OR 1=1 -- 1", 'zoe 1'])
        await store.dropGroups(list)
        expect(await store.keptGroups(list, { from: 0, limit: 10 })).toBeNull()
        expect(await store.keptGroups(99_999, { from: 0, limit: 10 })).toBeNull()
        await store.dropGroups(list)
      })

      test('does not outlive the erasure of a user', async () => {
        const list = await store.keepGroups(request)
        await store.eraseUser({ login: 'ann' })
        expect(await store.keptGroups(list, { from: 0, limit: 10 })).toBeNull()
        const [first] = (await store.keptGroups(await store.keepGroups(request), { from: 0, limit: 1 })) ?? []
        expect(first?.value).toBe('bob')
      })
    })

    describe('windows', () => {
      afterEach(() => opened.dispose())

      test('a window holds what lies after its begin up to its end, and ends at a whole second', async () => {
        await fresh()
        const at = (offsetMs: number, login = 'ann') => aFailure(login, '192.0.2.1', { timestampMs: nowMs + offsetMs })
        await store.append(batchOf([at(-600_000), at(-599_999), at(-500, 'bob'), at(0, 'cyd')]))
        const answers = await store.windows({ ...stuffing, touched: { afterSequence: 3, upToSequence: 4 } })
        expect(answers).toEqual([
          {
            group: { env: 'prod', service: 'shop', '@http.client_ip': '192.0.2.1' },
            toMs: nowMs,
            counts: { failures: 3, users: 3, successes: 0 },
            firstSeenMs: nowMs - 599_999,
            lastSeenMs: nowMs,
            trusted: true,
          },
        ])
      })

      test('one look tells for which requests anything is new, and when it happened', async () => {
        await fresh()
        await store.append(batchOf([aFailure('ann', '192.0.2.1', { timestampMs: nowMs - 5_400 })]))
        await store.append(batchOf([aFailure('bob', '192.0.2.2', { timestampMs: nowMs + 1_000 })]))
        await store.append(batchOf([aFailure('old', '192.0.2.3', { timestampMs: nowMs - 900_001 })]))
        const asking = (afterSequence: number, suppress: readonly string[] = []) => ({
          ...stuffing,
          suppress,
          touched: { afterSequence, upToSequence: 3 },
        })
        const second = Math.ceil(nowMs / 1000)
        expect(
          await store.touched([
            asking(0),
            asking(1),
            asking(2),
            asking(0, ['@http.client_ip:192.0.2.1']),
            { ...asking(0), queries: { successes: { filter: success, aggregate: 'count' } } },
          ]),
        ).toEqual([
          { from: Math.ceil((nowMs - 5_400) / 1000), to: second + 1 },
          { from: second + 1, to: second + 1 },
          undefined,
          { from: second + 1, to: second + 1 },
          undefined,
        ])
        expect(await store.touched([])).toEqual([])
      })

      test('rows later than 15 minutes raise nothing live, and count in a back-test', async () => {
        await fresh()
        await store.append(batchOf([aFailure('ann', '192.0.2.1', { timestampMs: nowMs - 900_001 })]))
        expect(await store.windows({ ...stuffing, touched: { afterSequence: 0, upToSequence: 1 } })).toEqual([])
        expect(await store.windows({ ...stuffing, touched: always })).toHaveLength(1)
      })

      test('counts are of one stretch, largest group first, without history where it is not wanted', async () => {
        await fresh()
        const at = (offsetMs: number, ip: string) => aFailure('ann', ip, { timestampMs: nowMs + offsetMs })
        const ips = ['192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.3']
        await store.append(batchOf([...ips.map((ip, index) => at(-index, ip)), at(-1_000_000, '192.0.2.1')]))
        const asked = { ...stuffing, range: { fromMs: nowMs - 2_000_000, toMs: nowMs }, limit: 10 }
        const failures = async (live: boolean, limit = 10) =>
          (await store.counts({ ...asked, live, limit })).map(({ group, counts }) => [
            group['@http.client_ip'],
            counts['failures'],
          ])
        expect(await failures(true)).toEqual([
          ['192.0.2.2', 2],
          ['192.0.2.1', 1],
          ['192.0.2.3', 1],
        ])
        expect(await failures(false, 2)).toEqual([
          ['192.0.2.1', 2],
          ['192.0.2.2', 2],
        ])
        expect(await store.counts({ ...asked, range: { fromMs: nowMs, toMs: nowMs + 1 }, live: true })).toEqual([])
        const stretches = await store.counts({ ...asked, stepMs: 2, live: true, limit: 1 })
        expect(
          stretches.map(({ toMs, group, counts }) => [toMs, group['@http.client_ip'], counts['failures']]),
        ).toEqual([
          [nowMs - 2, '192.0.2.2', 1],
          [nowMs, '192.0.2.1', 1],
        ])
      })

      test('whatever arrives in whatever order, live and in a back-test, the counts are those of the model', async () => {
        const requests = fc.record({
          windowSeconds: fc.constantFrom(1, 3, 10, 60),
          groupBy: fc.constantFrom(
            [],
            ['service'],
            ['env', 'service', '@http.client_ip'],
            ['@tags'],
            ['@http.status_code'],
          ),
          of: fc.constantFrom('@appsec.events_data.usr.login', '@tags', '@usr.id'),
          suppress: fc.constantFrom([], ['@http.client_ip:192.0.2.1']),
          any: fc.boolean(),
        })
        const offsets = fc.integer({ min: -70, max: 5 }).map((tenths) => tenths * 100)
        const longAgo = fc.integer({ min: -150, max: 0 }).map((seconds) => seconds * 1000)
        const events = fc.record({
          offsetMs: fc.oneof(offsets, offsets, longAgo, fc.constant(-1_000_000)),
          login: fc.constantFrom('ann', 'bob', 'cyd'),
          ip: fc.constantFrom('192.0.2.1', '192.0.2.2'),
          service: fc.constantFrom('shop', 'api'),
          isSuccess: fc.boolean(),
          trusted: fc.boolean(),
          attributes: fc.constantFrom<Record<string, AttributeValue>>(
            {},
            { tags: ['x', 'y', 'x'] },
            { 'http.status_code': 401 },
            { 'usr.id': 'u1', tags: 'z' },
          ),
        })
        let compared = 0
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.array(events, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
            requests,
            async (batches, r) => {
              await fresh()
              try {
                const rows: StoredRow[] = []
                for (const batch of batches) {
                  const after = rows.length
                  const records = batch.map((event) => ({
                    trusted: event.trusted,
                    record: (event.isSuccess ? aSuccess : aFailure)(event.login, event.ip, {
                      timestampMs: clock.nowMs + event.offsetMs,
                      service: event.service,
                      attributes: event.attributes,
                    }),
                  }))
                  await store.append({
                    records: records.map(({ record, trusted }) => full(record, { trusted })),
                    spans: [],
                  })
                  records.forEach(({ record, trusted }, index) => {
                    rows.push({ record, trusted, sequence: after + index + 1, ingestedMs: clock.nowMs })
                  })
                  const request = {
                    queries: {
                      failures: { filter: failure, aggregate: 'count' },
                      values: { filter: r.any ? '*' : failure, aggregate: 'cardinality', of: r.of },
                      successes: { filter: success, aggregate: 'count' },
                    },
                    suppress: r.suppress,
                    groupBy: r.groupBy,
                    windowSeconds: r.windowSeconds,
                  } as const
                  const live = { ...request, touched: { afterSequence: after, upToSequence: rows.length } }
                  const past = { ...request, touched: { fromMs: nowMs - 5000, toMs: nowMs + 4000 } }
                  const longPast = { ...request, touched: { fromMs: nowMs - 130_000, toMs: nowMs - 20_000 } }
                  const [seconds] = await store.touched([live])
                  const known = seconds && { ...live, touched: { ...live.touched, seconds } }
                  for (const asked of [known ?? live, past, longPast]) {
                    const answers = windowModel(rows, asked)
                    expect(sorted(await store.windows(asked))).toEqual(answers)
                    compared++
                    const toMs = answers.at(-1)?.toMs ?? nowMs
                    const range = { fromMs: toMs - r.windowSeconds * 1000, toMs }
                    const whole = await store.counts({
                      ...request,
                      range,
                      live: 'afterSequence' in asked.touched,
                      limit: 100,
                    })
                    expect(whole).toEqual(expect.arrayContaining(answers.filter((answer) => answer.toMs === toMs)))
                    const endsMs = [...new Set(answers.map((answer) => answer.toMs))]
                    const windows = { endsMs, lengthMs: r.windowSeconds * 1000 }
                    const all = { fromMs: (endsMs[0] ?? nowMs) - windows.lengthMs, toMs }
                    const overlapping = {
                      ...request,
                      range: all,
                      windows,
                      live: 'afterSequence' in asked.touched,
                      limit: 1_000,
                    }
                    expect(await store.counts(overlapping)).toEqual(expect.arrayContaining([...answers]))
                  }
                  clock.nowMs += 1500
                }
              } finally {
                await opened.dispose()
              }
            },
          ),
          { numRuns: 25 },
        )
        expect(compared).toBeGreaterThan(40)
        await fresh()
      })

      test('thousands of attempts of one address in every window take no more memory than a few', async () => {
        await fresh()
        const [seconds, each] = [200, 130]
        for (let second = 0; second < seconds; second += 10) {
          const attempts = Array.from({ length: each * 10 }, (_, index) =>
            aFailure(`user${(second * each + index) % 9000}`, '192.0.2.1', {
              timestampMs: nowMs - 1000 * (seconds - second - Math.floor(index / each)),
            }),
          )
          await store.append(batchOf(attempts))
        }
        const range = { fromMs: nowMs - 1000 * seconds, toMs: nowMs }
        const past = await store.windows({ ...stuffing, touched: range })
        expect(past.map(({ counts }) => counts)).toEqual(
          Array.from({ length: seconds }, (_, second) => {
            const failures = (second + 1) * each
            return { failures, users: Math.min(failures, 9000), successes: 0 }
          }),
        )
        const touched = { afterSequence: each * 50, upToSequence: each * seconds }
        expect(await store.windows({ ...stuffing, touched })).toEqual(past.slice(50))
      })
    })

    describe('traits', () => {
      afterEach(() => opened.dispose())
      const minute = 60_000
      const request = {
        successes: success,
        attempts: failure,
        halfLifeMs: 10 * minute,
        parts: 10,
        limit: 1_000,
      } as const
      const by = (agent: string): { readonly attributes: Record<string, string> } => ({
        attributes: { 'http.useragent': agent, '_dd.portcullis.header_names': 'host,user-agent,x-a' },
      })

      test('requests are counted by the traits of their client, the recent ones by their weight, also after a restart', async () => {
        await fresh()
        await store.append(
          batchOf([
            aFailure('a', '203.0.113.1', { ...by('one'), timestampMs: nowMs - 10 * minute }),
            aFailure('b', '203.0.113.2', { ...by('one'), timestampMs: nowMs - 20 * minute }),
            aSuccess('c', '203.0.113.3', { ...by('one'), timestampMs: nowMs - 30 * minute }),
          ]),
        )
        store = await opened.reopen()
        await store.append(
          batchOf([
            aFailure('d', '203.0.113.4', { ...by('one'), timestampMs: nowMs - 10 * minute }),
            aFailure('e', '203.0.113.5', { ...by('two'), timestampMs: nowMs - 10 * minute }),
            aFailure('f', '203.0.113.5', { ...by('two'), service: 'other' }),
            aRecord({ ...by('three') }),
          ]),
        )
        const range = { fromMs: nowMs - 100 * minute, toMs: nowMs }
        const found = await store.traits({ ...request, range, attempts: `service:shop ${failure}` })
        expect(found.map(({ traits }) => decodeClientTraits(traits).values['http.useragent'])).toEqual(['one', 'two'])
        expect(decodeClientTraits(found[0]?.traits ?? '').names).toEqual(['x-a'])
        expect(found[0]).toMatchObject({ weight: 1, failures: 3, successes: 1, usualFailures: 3 })
        expect(found[0]?.recentFailures).toBeCloseTo(0.5 + 0.25 + 0.5)
        expect(found[0]?.recentSuccesses).toBeCloseTo(0.125)
        expect(found[1]).toMatchObject({ weight: 1, failures: 1, successes: 0 })
      })

      test('a burst counts little among what is usual, a steady stream in full', async () => {
        await fresh()
        const records = Array.from({ length: 100 }, (_, index) => [
          aFailure(`a${index}`, '203.0.113.1', { ...by('burst'), timestampMs: nowMs - 35 * minute + index }),
          aFailure(`b${index}`, '203.0.113.2', { ...by('steady'), timestampMs: nowMs - index * minute - 1 }),
        ])
        await store.append(batchOf(records.flat()))
        const found = await store.traits({ ...request, range: { fromMs: nowMs - 100 * minute, toMs: nowMs } })
        const usual = found.map(({ traits, failures, usualFailures }) => [
          decodeClientTraits(traits).values['http.useragent'],
          failures,
          usualFailures,
        ])
        expect(usual.sort()).toEqual([
          ['burst', 100, 3],
          ['steady', 100, 100],
        ])
      })

      test('stretches that are left out count for nothing, and what is usual is told from the parts that are left', async () => {
        await fresh()
        const ago = (minutes: number): number => nowMs - minutes * minute
        const records = Array.from({ length: 40 }, (_, index) => [
          aFailure(`a${index}`, '203.0.113.1', { ...by('wave'), timestampMs: ago(60) + index }),
          aSuccess(`c${index}`, '203.0.113.1', { ...by('wave'), timestampMs: ago(60) + index }),
          // Ten in each of the four parts that are left.
          aFailure(`b${index}`, '203.0.113.2', { ...by('steady'), timestampMs: ago(index) - 1 }),
        ])
        const bounds = [ago(40), ago(90) - 1, ago(90), ago(40) - 1].map((timestampMs) =>
          aFailure('d', '203.0.113.3', { ...by('bounds'), timestampMs }),
        )
        await store.append(batchOf([...records.flat(), ...bounds]))
        const range = { fromMs: ago(100), toMs: nowMs }
        const without = [
          { fromMs: ago(90), toMs: ago(50) },
          { fromMs: ago(50), toMs: ago(40) },
        ]
        const found = await store.traits({ ...request, range, without })
        const counted = found.map(({ traits, failures, successes, usualFailures }) => [
          decodeClientTraits(traits).values['http.useragent'],
          failures,
          successes,
          usualFailures,
        ])
        expect(counted).toEqual([
          ['steady', 40, 0, 40],
          ['bounds', 2, 0, 2],
        ])
      })

      test('of very many combinations the frequent ones come in full and some stand for the others', async () => {
        await fresh()
        const rare = Array.from({ length: 600 }, (_, index) =>
          aFailure(`a${index}`, '203.0.113.1', by(`rare ${index}`)),
        )
        const often = Array.from({ length: 50 }, (_, index) => aFailure(`b${index}`, '203.0.113.2', by('often')))
        await store.append(batchOf([...rare, ...often]))
        const range = { fromMs: nowMs - minute, toMs: nowMs + 1 }
        const found = await store.traits({ ...request, range, limit: 100 })
        expect(found[0]).toMatchObject({ weight: 1, failures: 50 })
        expect(found.length).toBeLessThanOrEqual(130)
        const total = found.reduce((sum, { weight, failures }) => sum + weight * failures, 0)
        expect(total).toBeGreaterThan(450)
        expect(total).toBeLessThan(850)
      })
    })

    test('a query finds in the store exactly what it matches in memory', async () => {
      await fresh()
      // The records of the vocabulary happen in the first minutes of 1970.
      clock.nowMs = 2_000_000
      // A byte order mark at the beginning of a text is lost by the driver.
      const random = records().map(
        (record) => JSON.parse(JSON.stringify(record).replaceAll('\ufeff', '')) as SpanRecord,
      )
      const stored = fc
        .sample(random, { numRuns: 400, seed: 7 })
        .map((record, index): SpanRecord => ({ ...record, spanId: index.toString(16).padStart(16, '0') }))
      try {
        await store.append(batchOf(stored))
        let compared = 0
        await fc.assert(
          fc.asyncProperty(queriesOnRecords(), async (query) => {
            const ids = (list: readonly SpanRecord[]) => list.map(({ spanId }) => spanId).sort()
            const expected = stored.filter((record) => match(query, record))
            expect(ids(await found(print(query)))).toEqual(ids(expected))
            compared += expected.length > 0 && expected.length < stored.length ? 1 : 0
          }),
          { numRuns: 150 },
        )
        expect(compared).toBeGreaterThan(20)
      } finally {
        await opened.dispose()
      }
    }, 120_000)
  })
}
