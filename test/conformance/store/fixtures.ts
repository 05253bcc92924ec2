import type { AttributeValue, SpanRecord } from '../../../src/model/span-record.ts'
import type { Span } from '../../../src/model/span.ts'
import type { AppendBatch, AppendRecord } from '../../../src/collector/store/store.ts'

/** The moment at which the tests happen: a whole second, near noon of a day. */
export const nowMs = Date.parse('2026-03-10T12:00:00Z')
let spans = 0

export type Changes = Partial<Omit<SpanRecord, 'attributes'>> & {
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

/** A record with an id of its own. */
export function aRecord(changes: Changes = {}): SpanRecord {
  const id = ++spans
  return {
    timestampMs: nowMs,
    traceId: id.toString(16).padStart(32, '0'),
    spanId: id.toString(16).padStart(16, '0'),
    service: 'shop',
    env: 'prod',
    version: '1.0.0',
    resource: 'POST /login',
    operation: 'web.request',
    type: 'web',
    status: 'ok',
    durationMs: 12.5,
    attributes: {},
    ...changes,
  }
}

export function aFailure(login: string, ip: string, changes: Changes = {}): SpanRecord {
  return aRecord({
    ...changes,
    attributes: {
      'appsec.security_activity': ['business_logic.users.login.failure'],
      'appsec.events_data.usr.login': login,
      'http.client_ip': ip,
      ...changes.attributes,
    },
  })
}

export function aSuccess(login: string, ip: string, changes: Changes = {}): SpanRecord {
  return aFailure(login, ip, {
    ...changes,
    attributes: {
      'appsec.security_activity': ['business_logic.users.login.success'],
      'appsec.events_data.usr.id': `id-${login}`,
      'usr.id': `id-${login}`,
      ...changes.attributes,
    },
  })
}

export function aSpan(changes: Partial<Span> = {}): Span {
  const id = ++spans
  return {
    traceId: id.toString(16).padStart(32, '0'),
    spanId: id.toString(16).padStart(16, '0'),
    service: 'shop',
    name: 'web.request',
    resource: 'POST /login',
    type: 'web',
    startMs: nowMs,
    durationMs: 1,
    error: 0,
    meta: {},
    metrics: {},
    ...changes,
  }
}

export function full(record: SpanRecord, changes: Partial<AppendRecord> = {}): AppendRecord {
  return { record, keep: 'full', trusted: true, ...changes }
}

export function batchOf(records: readonly SpanRecord[]): AppendBatch {
  return { records: records.map((record) => full(record)), spans: [] }
}

/** All of event time. */
export const always = { fromMs: 0, toMs: 8e15 }
