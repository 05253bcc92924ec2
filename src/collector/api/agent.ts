import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { fail } from '../../model/error.ts'
import type { ConfigReply } from '../../model/remote-config.ts'
import type { Sender } from './access.ts'
import type { TraceFormat } from '../ingest/datadog/decode-traces.ts'
import { checkHost, checkNotBrowser } from './gate.ts'
import type { OtlpReply } from '../ingest/otlp/otlp.ts'
import { sendProblem } from './problem.ts'

export interface AgentOptions {
  readonly maxBodyBytes: number
  readonly hosts: readonly string[]
  readonly version: string
  readonly log: FastifyBaseLogger
  /** Who this client is, by its address and key; throws UNAUTHORIZED. */
  authenticate(request: { readonly ip: string; readonly key: string | undefined }): Sender
  /** Decodes and stores a body of the agent protocol; resolves once it is durable. Throws PAYLOAD_INVALID, STORE_FULL. */
  ingest(payload: TracePayload, sender: Sender): Promise<void>
  /** The same for an OTLP request; the reply is in its encoding, also when it is refused. */
  ingestOtlp(payload: Omit<TracePayload, 'format'>, sender: Sender): Promise<OtlpReply>
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

const traceFormats: readonly TraceFormat[] = ['v0.3', 'v0.4', 'v0.5', 'v0.7']

/** What tracers send and we have no use for: accepted, so that they stay quiet, and dropped. */
const ignored = ['/telemetry/proxy/*', '/v0.6/stats', '/profiling/*', '/dogstatsd*', '/evp_proxy/*'] as const

/** The longest a remote-configuration request is held open. */
const maxWaitSeconds = 50
const unpack = promisify(gunzip)

/** The listener that tracers speak to: traces and remote configuration (spec/collector.md 2). */
export function createAgentListener(options: AgentOptions): FastifyInstance {
  const server = Fastify({ loggerInstance: options.log, disableRequestLogging: true, bodyLimit: options.maxBodyBytes })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.setErrorHandler(sendProblem)
  server.setNotFoundHandler((request, reply) => sendProblem(fail('NOT_FOUND', request.url), request, reply))
  server.addHook('onRequest', async ({ headers }) => {
    checkNotBrowser(headers)
    checkHost(headers.host, options.hosts)
  })

  const senderOf = (request: FastifyRequest): Sender => {
    const key = request.headers['dd-api-key']
    return options.authenticate({ ip: request.ip, key: typeof key === 'string' ? key : undefined })
  }

  for (const format of traceFormats) {
    server.route({
      method: ['PUT', 'POST'],
      url: `/${format}/traces`,
      handler: async (request) => {
        const sender = senderOf(request)
        const body = await bodyOf(request, options.maxBodyBytes)
        await options.ingest({ format, body, contentType: contentTypeOf(request) }, sender)
        return { rate_by_service: {} }
      },
    })
  }

  server.post('/v1/traces', async (request, reply) => {
    const body = await bodyOf(request, options.maxBodyBytes)
    const answer = await options.ingestOtlp({ body, contentType: contentTypeOf(request) }, senderOf(request))
    return reply.code(answer.status).type(answer.contentType).send(answer.body)
  })

  server.post('/v0.7/config', async (request, reply) => {
    senderOf(request)
    const body = parseJson(await bodyOf(request, options.maxBodyBytes))
    const gone = abortWhenGone(reply)
    const { reply: answer, held } = await options.configure(body, { waitMs: waitOf(request), signal: gone })
    if (held) void reply.header('preference-applied', 'wait')
    return reply.type('application/json').send(JSON.stringify(answer))
  })

  server.get('/info', async () => ({
    version: `portcullis-${options.version}`,
    endpoints: [
      ...traceFormats.map((format) => `/${format}/traces`),
      '/v0.7/config',
      '/v1/traces',
      '/telemetry/proxy/',
    ],
    client_drop_p0s: false,
    span_meta_structs: true,
    long_running_spans: false,
  }))

  for (const url of ignored) {
    server.all(url, async (request, reply) => {
      senderOf(request)
      return reply.code(202).send()
    })
  }
  return server
}

async function bodyOf(request: FastifyRequest, maxBytes: number): Promise<Buffer> {
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const encoding = request.headers['content-encoding'] ?? 'identity'
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
