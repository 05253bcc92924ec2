import { pack } from 'msgpackr'
import { createRandom } from './compare.js'

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1',
  'python-requests/2.31.0',
]
/** Ids are random in their upper half and counted in the lower one, so that no two spans of a run are one. */
let made = 0
const hex = (value) => (value >>> 0).toString(16).padStart(8, '0')

/**
 * Bodies of `/v0.4/traces` with service-entry spans as our tracer sends them: about 40 tags, `logins` in ten are logins.
 */
export function createBodies({ spans, each = 500, fromMs, toMs, seed, logins = 3 }) {
  const random = createRandom(seed)
  const bodies = []
  for (let done = 0; done < spans; done += each) {
    const count = Math.min(each, spans - done)
    const traces = Array.from({ length: count }, (_, index) => {
      const at = fromMs + ((toMs - fromMs) * (done + index)) / spans
      return [span(random, at, logins)]
    })
    bodies.push(pack(traces))
  }
  return bodies
}

function span(random, atMs, logins) {
  const number = ++made
  const pick = (count) => (random() >>> 8) % count
  const isLogin = pick(10) < logins
  const failed = pick(10) < 4
  const event = `appsec.events.users.login.${failed ? 'failure' : 'success'}`
  const user = pick(50_000)
  const agent = AGENTS[pick(AGENTS.length)]
  const route = isLogin ? '/login' : ['/', '/cart', '/product/:id', '/search', '/checkout'][pick(5)]
  return {
    service: 'shop',
    name: 'web.request',
    resource: `${isLogin ? 'POST' : 'GET'} ${route}`,
    type: 'web',
    trace_id: BigInt(`0x${hex(random())}${hex(number)}`),
    span_id: BigInt(`0x${hex(random())}${hex(number)}`),
    parent_id: 0n,
    start: BigInt(Math.round(atMs * 1000)) * 1000n,
    duration: BigInt(5_000_000 + pick(90_000_000)),
    error: 0,
    meta: {
      env: 'prod',
      version: '4.2.1',
      component: 'express',
      language: 'javascript',
      'runtime-id': '5f0f5f0f-0000-4000-8000-5f0f5f0f5f0f',
      'span.kind': 'server',
      '_dd.p.tid': `67400000${hex(random())}`,
      '_dd.p.dm': '-5',
      '_dd.runtime_family': 'nodejs',
      '_dd.appsec.event_rules.version': '1.18.0',
      '_dd.appsec.fp.http.header': `hdr-0110000010-${hex(agent.length * 7919)}-3-98425651`,
      '_dd.appsec.fp.http.network': 'net-1-1000000000',
      '_dd.appsec.fp.http.endpoint': 'http-post-7e93fba0--f29f6224',
      '_dd.appsec.fp.http.order': `ord-9-${hex(agent.length * 104729)}`,
      '_dd.portcullis.ip_source': 'trusted',
      'http.method': isLogin ? 'POST' : 'GET',
      'http.url': `https://shop.example${route.replace(':id', String(pick(9000)))}`,
      'http.route': route,
      'http.status_code': isLogin && failed ? '401' : '200',
      'http.useragent': agent,
      'http.client_ip': `198.${pick(32)}.${pick(256)}.${pick(256)}`,
      'network.client.ip': '10.0.0.7',
      'http.request.headers.accept': 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'http.request.headers.accept-encoding': 'gzip, deflate, br',
      'http.request.headers.accept-language': ['en-US,en;q=0.9', 'de-DE,de;q=0.8', 'fr'][pick(3)],
      'http.request.headers.content-type': 'application/x-www-form-urlencoded',
      'http.request.headers.host': 'shop.example',
      'http.request.headers.user-agent': agent,
      'http.request.headers.x-forwarded-for': `198.${pick(32)}.${pick(256)}.${pick(256)}`,
      'http.response.headers.content-type': 'text/html; charset=utf-8',
      ...(isLogin && {
        [`${event}.track`]: 'true',
        [`_dd.${event}.sdk`]: 'true',
        [`${event}.usr.login`]: `user${user}@example.com`,
        ...(failed ? { [`${event}.usr.exists`]: 'true' } : { [`${event}.usr.id`]: `u${user}`, 'usr.id': `u${user}` }),
      }),
    },
    metrics: {
      '_dd.top_level': 1,
      '_dd.appsec.enabled': 1,
      _sampling_priority_v1: 2,
      process_id: 4711,
      '_dd.measured': 1,
    },
  }
}
