import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { errors, PortcullisError, type ErrorCode } from '../../model/error.ts'

const statusOf: Partial<Record<ErrorCode, number>> = {
  QUERY_SYNTAX: 400,
  QUERY_UNKNOWN_FIELD: 400,
  QUERY_TOO_SLOW: 422,
  REQUEST_INVALID: 400,
  PAYLOAD_INVALID: 400,
  DETECTION_RULE_INVALID: 400,
  WAF_RULE_INVALID: 400,
  WAF_RULE_UNMEASURED: 409,
  RULESET_INVALID: 400,
  PAYLOAD_TOO_LARGE: 413,
  OUTBOUND_REFUSED: 400,
  STORE_FULL: 429,
  RATE_LIMITED: 429,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  CSRF_MISSING: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  BACKUP_FAILED: 409,
  STARTING: 503,
  STATE_FENCED: 503,
  DISK_FULL: 507,
}

/** When to come back: a queue empties within a second, a disk or a window of attempts does not. */
const retryAfterSeconds: Readonly<Record<number, number>> = { 429: 1, 503: 1, 507: 30 }

/** An error as RFC 9457 problem details: `code` is of the error table; query errors carry their position. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly [extra: string]: unknown
}

/** Turns any error into a problem; what is not ours becomes INTERNAL without its details. */
export function toProblem(error: unknown): Problem {
  if (error instanceof PortcullisError) {
    const { position, length, expected, suggestion, problems } = error as PortcullisError & Record<string, unknown>
    return {
      ...problem(statusOf[error.code] ?? 500, error.code, error.message),
      ...Object.fromEntries(
        Object.entries({ position, length, expected, suggestion, problems, help: error.help }).filter(
          ([, value]) => value !== undefined,
        ),
      ),
    }
  }
  const { statusCode, validation, message, code } = error as Partial<FastifyError>
  if (validation !== undefined) return problem(400, 'REQUEST_INVALID', message ?? 'the request is not valid')
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return problem(413, 'PAYLOAD_TOO_LARGE', 'the body is too large; send less at once')
  if (statusCode !== undefined && statusCode < 500)
    return problem(statusCode, 'REQUEST_INVALID', message ?? 'the request is not valid')
  return problem(500, 'INTERNAL', errors.INTERNAL())
}

function problem(status: number, code: string, detail: string): Problem {
  return { type: `urn:portcullis:error:${code}`, title: code, status, code, detail }
}

/** What is still read of a body that was refused, so that its sender gets to the reply; who sends more is cut off. */
const maxDrainedBytes = 64 * 1024 * 1024

/** Answers with a problem, as problem+json unless `encode` writes it otherwise. A full store says when to come back. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  encode: EncodeProblem = asJson,
): void {
  const problem = toProblem(error)
  if (problem.code === 'INTERNAL') request.log.error({ err: error }, 'a request failed')
  else if (problem.status >= 500) request.log.warn({ code: problem.code }, 'a request was refused')
  const retryAfter = (error as { retryAfterSeconds?: number }).retryAfterSeconds ?? retryAfterSeconds[problem.status]
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter)
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer')
  if (problem.status === 413) drain(request, reply)
  const { contentType, body } = encode(problem)
  void reply.code(problem.status).type(contentType).send(body)
}

/** Writes a problem in an encoding of its own. */
export type EncodeProblem = (problem: Problem) => {
  readonly contentType: string
  readonly body: string | Uint8Array
}

const asJson: EncodeProblem = (problem) => ({
  contentType: 'application/problem+json',
  body: JSON.stringify(problem),
})

/** Who still sends a body is answered on a connection that stays: one that closes then is reset before the reply is read. */
function drain(request: FastifyRequest, reply: FastifyReply): void {
  void reply.removeHeader('connection')
  const { raw } = request
  let drained = 0
  raw.on('data', (chunk: Buffer) => {
    drained += chunk.length
    if (drained > maxDrainedBytes) raw.destroy()
  })
}
