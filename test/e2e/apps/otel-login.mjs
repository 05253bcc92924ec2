// A service that knows OpenTelemetry only: its SDK, its OTLP exporter, the security attributes as span attributes.
import { SpanKind, trace } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const [url, encoding, compression] = process.argv.slice(2)
const Exporter = encoding === 'json' ? JsonExporter : ProtobufExporter
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({
    'service.name': 'otel-shop',
    'service.version': '3',
    'deployment.environment.name': 'prod',
  }),
  spanProcessors: [new BatchSpanProcessor(new Exporter({ url, compression }))],
})
provider.register()
const tracer = trace.getTracer('login')
const span = tracer.startSpan('POST /login', {
  kind: SpanKind.SERVER,
  attributes: {
    'http.request.method': 'POST',
    'url.path': '/login',
    'http.route': '/login',
    'http.response.status_code': 401,
    'client.address': '198.51.100.90',
    'user_agent.original': 'otel-client/1.0',
    'http.request.header.accept-language': ['sv'],
    'appsec.events.users.login.failure.track': 'true',
    'appsec.events.users.login.failure.usr.login': `${encoding}-${compression}@example.com`,
    'appsec.events.users.login.failure.usr.exists': 'false',
  },
})
span.end()
await provider.shutdown()
