import { ipHeaders } from './processors/fingerprint-headers.ts'
import { shortHash } from './short-hash.ts'

const hopByHop =
  'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade'

/** Left out because they vary with what is asked, with the way through the network, or with tracing. */
const leftOut: ReadonlySet<string> = new Set([
  'cookie',
  'referer',
  'content-length',
  'content-type',
  ...hopByHop.split(' '),
  ...ipHeaders,
  'forwarded',
  'via',
  'traceparent',
  'tracestate',
  'x-amzn-trace-id',
])

/**
 * The order in which a client sends its headers, as `ord-<n>-<8 hex>`: the count of the names that say something about
 * the client, and the hash of those names, lower-cased, as they arrived. `rawHeaders` are names and values in turn, as
 * Node gives them. Source: spec/tracer.md 1.6.
 */
export function headerOrderFingerprint(rawHeaders: readonly string[]): string {
  let step = first
  for (let index = 0; index < rawHeaders.length; index += 2) step = stepTo(step, rawHeaders[index] ?? '')
  return (step.fingerprint ??= computed(rawHeaders))
}

/** A sequence of names that was met, as the way to its last: clients send theirs over and over in the same order. */
interface Step {
  readonly name: string
  fingerprint: string | undefined
  /** The sequences that go on from here: mostly one. */
  next: Step | undefined
  others: Map<string, Step> | undefined
}

/** Steps remembered; random names would fill the memory. */
const MAX_STEPS = 4096
const open = (name: string): Step => ({ name, fingerprint: undefined, next: undefined, others: undefined })
let first = open('')
let steps = 0

function stepTo(from: Step, name: string): Step {
  if (from.next?.name === name) return from.next
  const known = from.others?.get(name)
  if (known !== undefined) return known
  const step = open(name)
  steps += 1
  if (steps > MAX_STEPS) {
    first = open('')
    steps = 0
  }
  if (from.next === undefined) from.next = step
  else (from.others ??= new Map<string, Step>()).set(name, step)
  return step
}

function computed(rawHeaders: readonly string[]): string {
  const names: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (!leftOut.has(name) && !name.startsWith('x-datadog') && !isB3(name)) names.push(name)
  }
  return `ord-${names.length}-${shortHash(names.join(','))}`
}

function isB3(name: string): boolean {
  return name.startsWith('b3') || name.startsWith('x-b3-')
}
