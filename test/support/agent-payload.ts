import { randomBytes } from 'node:crypto'
import { pack } from 'msgpackr'

export interface LoginAttempt {
  readonly login: string
  readonly ip: string
  readonly success?: boolean
  readonly exists?: boolean
  readonly userId?: string
  /** Milliseconds since 1970; now when absent. */
  readonly atMs?: number
  readonly service?: string
  readonly meta?: Readonly<Record<string, string>>
}

/** One trace of the Datadog agent protocol (v0.4) that says: somebody tried to log in. */
export function loginTrace(attempt: LoginAttempt): { readonly spanId: string; readonly spans: readonly object[] } {
  const { login, ip, success = false, exists = true, userId, atMs = Date.now(), service = 'shop', meta = {} } = attempt
  const event = `appsec.events.users.login.${success ? 'success' : 'failure'}`
  const spanId = randomBytes(8)
  spanId[0]! &= 0x7f
  const span = {
    trace_id: spanId.readBigUInt64BE(),
    span_id: spanId.readBigUInt64BE(),
    parent_id: 0n,
    service,
    name: 'web.request',
    resource: 'POST /login',
    type: 'web',
    start: BigInt(Math.round(atMs)) * 1_000_000n,
    duration: 2_000_000n,
    error: 0,
    meta: {
      env: 'prod',
      'http.method': 'POST',
      'http.url': 'http://shop.example/login',
      'http.status_code': success ? '200' : '401',
      'http.client_ip': ip,
      'http.useragent': 'test-agent/1.0',
      'span.kind': 'server',
      '_dd.portcullis.ip_source': 'trusted',
      [`${event}.track`]: 'true',
      [`${event}.usr.login`]: login,
      ...(success ? { [`${event}.usr.id`]: userId ?? `id-${login}` } : { [`${event}.usr.exists`]: String(exists) }),
      ...meta,
    },
    metrics: { '_dd.top_level': 1, _sampling_priority_v1: 2 },
  }
  return { spanId: spanId.toString('hex'), spans: [span] }
}

/** Sends login attempts as one payload; resolves with the status and the ids of the spans. */
export async function sendLogins(
  agentUrl: string,
  attempts: readonly LoginAttempt[],
): Promise<{ status: number; spanIds: string[] }> {
  const traces = attempts.map(loginTrace)
  const response = await fetch(new URL('/v0.4/traces', agentUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/msgpack', 'x-datadog-trace-count': String(traces.length) },
    body: new Uint8Array(pack(traces.map(({ spans }) => spans))),
  })
  await response.arrayBuffer()
  return { status: response.status, spanIds: traces.map(({ spanId }) => spanId) }
}
