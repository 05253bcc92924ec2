import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { fail } from '../../model/error.ts'
import type { ConfigReply } from '../../model/remote-config.ts'
import type { Counter, Metrics } from '../metrics.ts'
import type { TraceFormat } from '../ingest/datadog/decode-traces.ts'
import { covers, type Sender } from './access.ts'
import { agentDescription, ignoredPaths, traceFormats } from './agent-description.ts'
import { checkHost, checkNotBrowser } from './gate.ts'
import type { OtlpReply } from '../ingest/otlp/otlp.ts'
import { sendProblem, toProblem, type EncodeProblem } from './problem.ts'

export interface AgentOptions {
  readonly maxBodyBytes: number
  readonly hosts: readonly string[]
  readonly version: string
  readonly log: FastifyBaseLogger
  readonly metrics: Metrics
  /** Who this client is, by its address and key; throws UNAUTHORIZED. */
  authenticate(request: { readonly ip: string | undefined; readonly key: string | undefined }): Sender
  /** Decodes and stores a body of the agent protocol; resolves once it is durable. Throws PAYLOAD_INVALID, STORE_FULL. */
  ingest(payload: TracePayload, sender: Sender): Promise<IngestResult>
  /** The same for an OTLP request; the reply is in its encoding, also when it is refused. */
  ingestOtlp(payload: Omit<TracePayload, 'format'>, sender: Sender): Promise<OtlpReply & IngestResult>
  /** How a refusal is written for an OTLP request of this type; undefined: as for any other. */
  otlpProblemOf(contentType: string): EncodeProblem | undefined
  /** Answers a remote-configuration request; waits at most `waitMs` for a change. */
  configure(
    body: unknown,
    wait: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<{ readonly reply: ConfigReply; readonly held: boolean }>
}

/** A body of spans, unpacked, as it came. */
export interface TracePayload {
  readonly format: TraceFormat
  readonly body: Uint8Array
  readonly contentType: string
}

export interface IngestResult {
  readonly spans: number
}

/** The longest a remote-configuration request is held open. */
const maxWaitSeconds = 50
const otlpPath = '/v1/traces'
const unpack = promisify(gunzip)

/** The app of the listeners that tracers speak to: traces and remote configuration (spec/collector.md 2). */
export function createAgentApp(options: AgentOptions): FastifyInstance {
  const { maxBodyBytes, metrics } = options
  const server = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
  })
  const counted = {
    batches: metrics.counter('portcullis_batches_total', 'Bodies of spans that were stored, by format'),
    spans: metrics.counter('portcullis_spans_received_total', 'Spans in them, by format'),
    refused: metrics.counter('portcullis_refused_total', 'Requests of tracers that were refused, by error code'),
    ignored: metrics.counter('portcullis_ignored_total', 'Requests that were accepted and dropped, by endpoint'),
    configs: metrics.counter('portcullis_config_requests_total', 'Requests for remote configuration'),
  }
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.setErrorHandler((error, request, reply) => {
    counted.refused.add({ code: toProblem(error).code })
    const isOtlp = request.url.startsWith(otlpPath)
    sendProblem(error, request, reply, isOtlp ? options.otlpProblemOf(contentTypeOf(request)) : undefined)
  })
  server.setNotFoundHandler((request, reply) => sendProblem(fail('NOT_FOUND', request.url), request, reply))
  server.addHook('onRequest', async ({ headers, raw }) => {
    checkNotBrowser(headers)
    // Who opens a unix socket is no web page, and names any host.
    if (raw.socket.remoteAddress !== undefined) checkHost(headers.host, options.hosts)
  })

  const senderOf = (request: FastifyRequest): Sender => {
    const key = request.headers['dd-api-key']
    const ip = request.raw.socket.remoteAddress
    return options.authenticate({ ip, key: typeof key === 'string' ? key : undefined })
  }

  for (const format of traceFormats) {
    server.route({
      method: ['PUT', 'POST'],
      url: `/${format}/traces`,
      handler: async (request) => {
        const sender = senderOf(request)
        const body = await bodyOf(request, maxBodyBytes)
        const { spans } = await options.ingest({ format, body, contentType: contentTypeOf(request) }, sender)
        counted.batches.add({ format })
        counted.spans.add({ format }, spans)
        return { rate_by_service: {} }
      },
    })
  }

  server.post(otlpPath, async (request, reply) => {
    const sender = senderOf(request)
    const body = await bodyOf(request, maxBodyBytes)
    const answer = await options.ingestOtlp({ body, contentType: contentTypeOf(request) }, sender)
    if (answer.status === 200) {
      counted.batches.add({ format: 'otlp' })
      counted.spans.add({ format: 'otlp' }, answer.spans)
    } else {
      counted.refused.add({ code: 'PAYLOAD_INVALID' })
    }
    return reply.code(answer.status).type(answer.contentType).send(answer.body)
  })

  server.post('/v0.7/config', async (request, reply) => {
    const sender = senderOf(request)
    const body = parseJson(await bodyOf(request, maxBodyBytes))
    checkConfigScope(sender, body)
    counted.configs.add()
    const gone = abortWhenGone(reply)
    const { reply: answer, held } = await options.configure(body, { waitMs: waitOf(request), signal: gone })
    if (held) void reply.header('preference-applied', 'wait')
    return reply.type('application/json').send(JSON.stringify(answer))
  })

  server.get('/info', async () => agentDescription({ version: options.version, maxBodyBytes }))
  ignore(server, senderOf, counted.ignored)
  return server
}

/** What tracers send and we have no use for is accepted, so that they stay quiet, and dropped. */
function ignore(server: FastifyInstance, senderOf: (request: FastifyRequest) => Sender, ignored: Counter): void {
  for (const url of ignoredPaths) {
    server.all(url, async (request, reply) => {
      senderOf(request)
      ignored.add({ endpoint: url })
      return reply.code(202).type('application/json').send('{}')
    })
  }
}

/** A key that is for some services fetches configuration for no other. Throws FORBIDDEN. */
function checkConfigScope(sender: Sender, body: unknown): void {
  if (sender.services === null && sender.envs === null) return
  const about = (body as { client?: { client_tracer?: { service?: unknown; env?: unknown } } } | null)?.client
    ?.client_tracer
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  if (!covers(sender, { service: text(about?.service), env: text(about?.env) })) {
    throw fail('FORBIDDEN', 'this key is for other services or environments')
  }
}

async function bodyOf(request: FastifyRequest, maxBytes: number): Promise<Buffer> {
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity') return raw
  if (encoding !== 'gzip') throw fail('PAYLOAD_INVALID', `content-encoding ${encoding} is not supported`, 'headers')
  try {
    return await unpack(raw, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw fail('PAYLOAD_TOO_LARGE', maxBytes)
    throw fail('PAYLOAD_INVALID', 'the body is not valid gzip', 'body')
  }
}

function contentTypeOf(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? 'application/msgpack').split(';')[0]?.trim().toLowerCase() ?? ''
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw fail('PAYLOAD_INVALID', 'the body is not JSON', 'body')
  }
}

/** Milliseconds a client is ready to wait (`Prefer: wait=<seconds>`). */
function waitOf(request: FastifyRequest): number {
  const prefer = request.headers.prefer
  const seconds = Number(
    /(?:^|[,;\s])wait=(\d{1,4})/.exec(Array.isArray(prefer) ? prefer.join(',') : (prefer ?? ''))?.[1] ?? 0,
  )
  return Math.min(seconds, maxWaitSeconds) * 1_000
}

function abortWhenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}
