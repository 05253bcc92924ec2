/** The caller's place in a trace, as request headers tell it. */
export interface RemoteParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly parentId: string
  readonly origin?: string
  /** `tracestate` members of other vendors, to be passed on. */
  readonly tracestate?: string
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** W3C Trace Context level 1: version, trace id, parent id, flags; later versions may append more. */
const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/
const decimalPattern = /^\d{1,20}$/
const tidPattern = /(?:^|,)_dd\.p\.tid=([0-9a-f]{16})(?:,|$)/
const originPattern = /^[\x20-\x2b\x2d-\x7e]{1,64}$/
const ZERO_16 = '0'.repeat(16)
const ZERO_32 = '0'.repeat(32)
/** Bounds of W3C Trace Context 3.3.1.1 and 3.3.1.5. */
const MAX_TRACESTATE_MEMBERS = 32
const MAX_TRACESTATE_LENGTH = 512

/**
 * Reads `x-datadog-*`, else W3C `traceparent`. When both name the same trace the W3C parent counts, since every hop
 * writes it. The sampling decision of the caller is not read: anybody can send these headers, so what comes from
 * outside neither keeps nor drops a trace (spec/tracer.md 1.6).
 */
export function extractParent(headers: Headers): RemoteParent | undefined {
  const datadog = headers['x-datadog-trace-id'] === undefined ? undefined : fromDatadog(headers)
  const w3c = headers['traceparent'] === undefined ? undefined : fromTraceparent(headers)
  if (datadog === undefined) return w3c
  if (w3c === undefined || w3c.traceId.slice(16) !== datadog.traceId.slice(16)) return datadog
  return datadog.origin === undefined ? w3c : { ...w3c, origin: datadog.origin }
}

/** What is passed on to a called service. */
export interface Outgoing {
  readonly traceId: string
  readonly spanId: string
  readonly priority: number
  readonly decisionMaker: string
  /** `_dd.p.ts`: the products that kept a trace which tracing alone would not have. */
  readonly source?: string | undefined
  readonly origin?: string | undefined
  readonly tracestate?: string | undefined
}

/** Headers that make a called service part of the trace, in both the W3C and the Datadog format. */
export function outgoingHeaders(from: Outgoing): Record<string, string> {
  const { traceId, spanId, priority, decisionMaker, source, origin, tracestate } = from
  const members = [
    `s:${priority}`,
    ...(origin === undefined ? [] : [`o:${origin.replace(/[,;~]/g, '_').replaceAll('=', '~')}`]),
    `t.dm:${decisionMaker}`,
    ...(source === undefined ? [] : [`t.ts:${source}`]),
    `p:${spanId}`,
  ]
  const own = `dd=${members.join(';')}`
  const propagated = `_dd.p.dm=${decisionMaker},_dd.p.tid=${traceId.slice(0, 16)}`
  return {
    traceparent: `00-${traceId}-${spanId}-${priority > 0 ? '01' : '00'}`,
    tracestate: tracestate === undefined ? own : `${own},${tracestate}`,
    'x-datadog-trace-id': toDecimal(traceId.slice(16)),
    'x-datadog-parent-id': toDecimal(spanId),
    'x-datadog-sampling-priority': String(priority),
    'x-datadog-tags': source === undefined ? propagated : `${propagated},_dd.p.ts=${source}`,
    ...(origin === undefined ? {} : { 'x-datadog-origin': origin }),
  }
}

function fromTraceparent(headers: Headers): RemoteParent | undefined {
  const match =
    typeof headers['traceparent'] === 'string' ? traceparentPattern.exec(headers['traceparent'].trim()) : null
  if (match === null) return undefined
  const [, version = '', traceId = '', parentId = '', rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (traceId === ZERO_32 || parentId === ZERO_16) return undefined
  return { traceId, parentId, ...readTracestate(headers['tracestate']) }
}

/** The origin that the Datadog member of a `tracestate` tells of, and the members of others. */
function readTracestate(value: Headers[string]): Pick<RemoteParent, 'origin' | 'tracestate'> {
  const text = typeof value === 'string' ? value : value?.join(',')
  if (text === undefined || text.length > MAX_TRACESTATE_LENGTH) return {}
  const members = text.split(',').map((member) => member.trim())
  const own = members.find((member) => member.startsWith('dd='))?.slice(3)
  const encoded = own?.split(';').find((field) => field.startsWith('o:'))
  // An equals sign would end the key of a member, so that it travels as a tilde.
  const origin = encoded?.slice(2).replaceAll('~', '=') ?? ''
  const others = members.filter((member) => /^[\x20-\x7e]+=[\x20-\x7e]*$/.test(member) && !member.startsWith('dd='))
  return {
    ...(originPattern.test(origin) ? { origin } : {}),
    ...(others.length > 0 && others.length < MAX_TRACESTATE_MEMBERS ? { tracestate: others.join(',') } : {}),
  }
}

function fromDatadog(headers: Headers): RemoteParent | undefined {
  const low = fromDecimal(headers['x-datadog-trace-id'])
  const parentId = fromDecimal(headers['x-datadog-parent-id'])
  if (low === undefined || parentId === undefined) return undefined
  const tags = headers['x-datadog-tags']
  const high =
    (typeof tags === 'string' && tags.length <= MAX_TRACESTATE_LENGTH && tidPattern.exec(tags)?.[1]) || ZERO_16
  const origin = headers['x-datadog-origin']
  const known = typeof origin === 'string' && originPattern.test(origin)
  return known ? { traceId: high + low, parentId, origin } : { traceId: high + low, parentId }
}

function fromDecimal(value: Headers[string]): string | undefined {
  if (typeof value !== 'string' || !decimalPattern.test(value)) return undefined
  const number = BigInt(value)
  return number === 0n || number >= 1n << 64n ? undefined : number.toString(16).padStart(16, '0')
}

function toDecimal(hex: string): string {
  return BigInt(`0x${hex}`).toString()
}
