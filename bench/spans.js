/**
 * Goal 10 (spec/performance.md): a span created, given its tags, encoded and compressed, against the OpenTelemetry SDK with
 * its OTLP transformer. `node bench/spans.js [rounds]` after `npm run build`; both sides carry the same tags.
 */
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { SpanKind } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-node'
import { datadogFormat } from '../dist/tracer/export/datadog-format.js'
import { otlpFormat } from '../dist/tracer/export/otlp-format.js'
import { LiveSpan } from '../dist/tracer/span/live-span.js'
import { compare, createRandom, machine, printTable } from './support/compare.js'

/** What one request of the exporters holds. */
const BATCH = 1000
const ROUNDS = Number(process.argv[2] ?? 12)
const load = createRequire(import.meta.url)
/** The transformer of the exporter that users install. */
const loadBesideExporter = createRequire(load.resolve('@opentelemetry/exporter-trace-otlp-proto'))
const { ProtobufTraceSerializer } = loadBesideExporter('@opentelemetry/otlp-transformer')

const shared = {
  env: 'prod',
  version: '4.2.1',
  language: 'javascript',
  'runtime-id': '5f0f5f0f-0000-4000-8000-5f0f5f0f5f0f',
  '_dd.runtime_family': 'nodejs',
  'span.kind': 'server',
}
const sharedNumbers = { '_dd.top_level': 1, '_dd.measured': 1, process_id: 4711 }

/** The tags of a failed login, as the tracer sets them; what differs from one to the next is in the list. */
function createRequests() {
  const random = createRandom(10)
  const below = (count) => (random() >>> 8) % count
  return Array.from({ length: BATCH }, () => {
    const ip = `198.51.${below(256)}.${below(256)}`
    const event = 'appsec.events.users.login.failure'
    return {
      texts: Object.entries({
        component: 'express',
        'http.method': 'POST',
        'http.url': `https://shop.example/login?next=%2Forders%2F${below(9000)}`,
        'http.route': '/login',
        'http.status_code': '401',
        'http.useragent':
          'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
        'http.client_ip': ip,
        'network.client.ip': '10.0.0.7',
        '_dd.portcullis.ip_source': 'trusted',
        '_dd.p.dm': '-5',
        '_dd.appsec.fp.http.header': 'hdr-0110000010-74c2908f-3-98425651',
        '_dd.appsec.fp.http.network': 'net-1-1000000000',
        '_dd.appsec.fp.http.endpoint': 'http-post-7e93fba0--f29f6224',
        '_dd.appsec.fp.http.order': `ord-9-${random().toString(16).padStart(8, '0')}`,
        'http.request.headers.accept': 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
        'http.request.headers.accept-encoding': 'gzip, deflate, br',
        'http.request.headers.accept-language': ['en-US,en;q=0.9', 'de-DE,de;q=0.8', 'fr'][below(3)],
        'http.request.headers.content-type': 'application/json',
        'http.request.headers.host': 'shop.example',
        'http.request.headers.x-forwarded-for': ip,
        'http.response.headers.content-type': 'application/json; charset=utf-8',
        [`${event}.track`]: 'true',
        [`_dd.${event}.sdk`]: 'true',
        [`${event}.usr.login`]: `user${below(50_000)}@example.com`,
        [`${event}.usr.exists`]: 'true',
      }),
      numbers: Object.entries({
        '_dd.appsec.enabled': 1,
        '_dd.appsec.waf.duration': below(900) / 10,
        _sampling_priority_v1: 2,
      }),
    }
  })
}

const requests = createRequests()
const defaults = { service: 'shop', meta: shared, metrics: sharedNumbers }
const formats = {
  datadog: datadogFormat({ tracerVersion: '1', nodeVersion: process.version }),
  otlp: otlpFormat(
    { service: 'shop', env: 'prod', version: '4.2.1', tracerVersion: '1' },
    { path: '/v1/traces', headers: {} },
  ),
}

function ours(format) {
  const encoded = requests.map(({ texts, numbers }) => {
    const span = new LiveSpan(defaults, 'express.request', Date.now(), undefined)
    span.resource = 'POST /login'
    for (const [name, value] of texts) span.setTag(name, value)
    for (const [name, value] of numbers) span.setMetric(name, value)
    span.keep()
    span.finish(Date.now())
    return format.encode(span)
  })
  const body = format.body(encoded)
  // As the exporter does once they are sent.
  for (const one of encoded) format.giveBack?.(one)
  return body
}

/** Ended spans of the batch; the SDK's own batch processor does the same on a timer. */
const ended = []
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'shop', ...shared, ...sharedNumbers }),
  spanProcessors: [
    {
      onStart() {},
      onEnd: (span) => ended.push(span),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
  ],
})
const tracer = provider.getTracer('bench')

function theirs() {
  for (const { texts, numbers } of requests) {
    const span = tracer.startSpan('POST /login', { kind: SpanKind.SERVER })
    for (const [name, value] of texts) span.setAttribute(name, value)
    for (const [name, value] of numbers) span.setAttribute(name, value)
    span.end()
  }
  return ProtobufTraceSerializer.serializeRequest(ended.splice(0))
}

const sides = {
  'OpenTelemetry, protobuf, gzip': () => gzipSync(theirs()),
  'ours, msgpack, gzip': () => gzipSync(ours(formats.datadog)),
  'ours, msgpack, gzip level 1': () => gzipSync(ours(formats.datadog), { level: 1 }),
  'ours, msgpack, as it is sent': () => ours(formats.datadog),
  'ours, OTLP JSON, gzip': () => gzipSync(ours(formats.otlp)),
  'ours, OTLP JSON, as it is sent': () => ours(formats.otlp),
  'OpenTelemetry, not compressed': theirs,
}
const sizes = Object.fromEntries(Object.entries(sides).map(([name, run]) => [name, run().length]))
const times = compare(Object.fromEntries(Object.entries(sides).map(([name, run]) => [name, () => (run(), BATCH)])), {
  rounds: ROUNDS,
})
const peer = times['OpenTelemetry, protobuf, gzip']
console.log(
  `${JSON.stringify(machine())}, @opentelemetry/sdk-trace-node ${load('@opentelemetry/sdk-trace-node/package.json').version}`,
)
printTable(
  Object.entries(times).map(([side, { leastNs, medianNs }]) => ({
    side,
    'µs a span (median)': `${(leastNs / 1000).toFixed(1)} (${(medianNs / 1000).toFixed(1)})`,
    'times cheaper (median)': `${(peer.leastNs / leastNs).toFixed(2)} (${(peer.medianNs / medianNs).toFixed(2)})`,
    'bytes a span': Math.round(sizes[side] / BATCH),
  })),
)
