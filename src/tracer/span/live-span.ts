import { samplingPriority } from '../../model/span.ts'
import { tag } from '../../model/tags.ts'
import { hexId, hexWord, type FinishedSpan, type SpanDefaults } from '../finished-span.ts'
import { TagList } from '../tag-list.ts'
import { randomWord } from './ids.ts'
import type { RemoteParent } from './trace-context.ts'

/** Longest value of a text tag, in characters, and how many tags one span may carry: what agents accept. */
const MAX_VALUE_LENGTH = 25_000
const MAX_TAGS = 1_000

/** Sampling mechanism 5: kept by the security product. Mechanism 0: nobody decided. */
const KEPT_BY_APPSEC = '-5'
const BY_DEFAULT = '-0'

/**
 * A span while its request is handled, and afterwards what is shipped. It belongs to that request alone, and is not
 * changed once it is finished.
 */
export class LiveSpan implements FinishedSpan {
  defaults: SpanDefaults
  readonly name: string
  readonly startMs: number
  readonly traceUpper: string
  readonly traceHigh: number
  readonly traceLow: number
  /** 63 random bits, since some agents read ids as signed numbers. Never zero. */
  readonly idHigh: number = randomWord() >>> 1
  readonly idLow: number = (randomWord() | 1) >>> 0
  readonly parentHigh: number
  readonly parentLow: number
  readonly tracestate: string | undefined
  resource = ''
  error: 0 | 1 = 0
  priority: number = samplingPriority.autoKeep
  durationMs = 0
  readonly tags = new TagList<string>()
  readonly numbers = new TagList<number>()
  metaStruct: Map<string, Uint8Array> | undefined

  /** Opens a span under `parent`, or as the root of a new trace, whose id ends in the span's own. */
  constructor(defaults: SpanDefaults, name: string, startMs: number, parent: RemoteParent | undefined) {
    this.defaults = defaults
    this.name = name
    this.startMs = startMs
    this.tracestate = parent?.tracestate
    if (parent === undefined) {
      this.traceUpper = upperOf(startMs)
      this.traceHigh = this.idHigh
      this.traceLow = this.idLow
      this.parentHigh = 0
      this.parentLow = 0
      return
    }
    const { traceId, parentId, origin } = parent
    this.traceUpper = traceId.slice(0, 16)
    this.traceHigh = Number.parseInt(traceId.slice(16, 24), 16)
    this.traceLow = Number.parseInt(traceId.slice(24), 16)
    this.parentHigh = Number.parseInt(parentId.slice(0, 8), 16)
    this.parentLow = Number.parseInt(parentId.slice(8), 16)
    if (origin !== undefined) this.tags.add(tag.origin, origin)
  }

  /** 32 hexadecimal digits. */
  get traceId(): string {
    return this.traceUpper + hexId(this.traceHigh, this.traceLow)
  }

  /** 16 hexadecimal digits. */
  get spanId(): string {
    return hexId(this.idHigh, this.idLow)
  }

  tag(name: string): string | undefined {
    return this.tags.get(name) ?? (Object.hasOwn(this.defaults.meta, name) ? this.defaults.meta[name] : undefined)
  }

  /** Sets a text tag; longer text is cut, and tags beyond the bound are left out and counted. */
  setTag(name: string, value: string): void {
    const { tags } = this
    if (tags.size >= MAX_TAGS && !tags.has(name)) {
      this.numbers.set('_dd.portcullis.tags.discarded', (this.numbers.get('_dd.portcullis.tags.discarded') ?? 0) + 1)
      return
    }
    if (Object.hasOwn(this.defaults.meta, name)) {
      this.defaults = { ...this.defaults, meta: without(this.defaults.meta, name) }
    }
    tags.set(name, value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value)
  }

  /** Sets a number tag; those beyond the bound are left out. */
  setMetric(name: string, value: number): void {
    const { numbers } = this
    if (numbers.size >= MAX_TAGS && !numbers.has(name)) return
    if (Object.hasOwn(this.defaults.metrics, name)) {
      this.defaults = { ...this.defaults, metrics: without(this.defaults.metrics, name) }
    }
    numbers.set(name, value)
  }

  /** Keeps the span's trace whatever samplers say. */
  keep(): void {
    this.priority = samplingPriority.userKeep
  }

  /** Why the trace has its sampling priority, in the form of `_dd.p.dm`. */
  get decisionMaker(): string {
    return this.priority === samplingPriority.userKeep ? KEPT_BY_APPSEC : BY_DEFAULT
  }

  finish(endMs: number): void {
    if (this.priority > 0) this.tags.set(tag.decisionMaker, this.decisionMaker)
    this.numbers.set(tag.samplingPriority, this.priority)
    this.durationMs = Math.max(0, endMs - this.startMs)
  }
}

let upperSecond = -1
let upper = ''

/** The upper half of a new trace id: the start in unix seconds, then zeros, as Datadog tracers make it. */
function upperOf(startMs: number): string {
  const second = Math.floor(startMs / 1_000)
  if (second !== upperSecond) {
    upperSecond = second
    upper = `${hexWord(second)}00000000`
  }
  return upper
}

/** A shared tag that a span has a value of its own for must not be written twice. */
function without<T>(shared: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  const { [name]: _own, ...others } = shared
  return others
}
