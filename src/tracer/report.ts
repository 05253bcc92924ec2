import { gzipSync } from 'node:zlib'
import { tag } from '../model/tags.ts'
import type { WafEvent } from '../model/waf-event.ts'
import type { Inspection } from './inspection.ts'
import { setTag, type LiveSpan } from './span/live-span.ts'

/** Longest `_dd.appsec.json`, and what a text inside it is cut to when it is longer. */
const MAX_TRIGGERS_LENGTH = 64_000
const MAX_SHORT_LENGTH = 256

const SCHEMA_PREFIX = '_dd.appsec.s.'

/** Writes what an inspection found on the span (spec/tracer.md 2.6). */
export function reportInspection(span: LiveSpan, inspection: Inspection, peer: string | undefined): void {
  const { events, protection } = inspection
  if (protection.rulesVersion !== undefined) setTag(span, tag.appsecRulesVersion, protection.rulesVersion)
  if (events.length > 0) {
    setTag(span, tag.appsecEvent, 'true')
    span.meta[tag.origin] ??= 'appsec'
    reportTriggers(span, events)
    if (peer !== undefined) setTag(span, tag.networkClientIp, peer)
  }
  for (const attributes of inspection.attributes) {
    for (const [name, value] of Object.entries(attributes)) reportAttribute(span, name, value)
  }
  reportMetrics(span.metrics, inspection)
}

/** Half a document is of no use, so what is too long loses text first, and then whole events, which are counted. */
function reportTriggers(span: LiveSpan, events: readonly WafEvent[]): void {
  let text = JSON.stringify({ triggers: events })
  if (text.length > MAX_TRIGGERS_LENGTH) {
    const short = JSON.parse(text, (_name, value: unknown) =>
      typeof value === 'string' && value.length > MAX_SHORT_LENGTH ? `${value.slice(0, MAX_SHORT_LENGTH)}…` : value,
    ) as { triggers: WafEvent[] }
    text = JSON.stringify(short)
    while (text.length > MAX_TRIGGERS_LENGTH && short.triggers.length > 0) {
      short.triggers.pop()
      text = JSON.stringify(short)
    }
    const left = events.length - short.triggers.length
    if (left > 0) span.metrics['_dd.portcullis.events.discarded'] = left
  }
  span.meta[tag.appsecJson] = text
}

function reportAttribute(span: LiveSpan, name: string, value: unknown): void {
  if (name.startsWith(SCHEMA_PREFIX)) {
    setTag(span, name, gzipSync(JSON.stringify(value)).toString('base64'))
  } else if (typeof value === 'number') {
    span.metrics[name] = value
  } else {
    setTag(span, name, typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
  }
}

function reportMetrics(metrics: Record<string, number>, inspection: Inspection): void {
  if (inspection.runs === 0) return
  metrics['_dd.appsec.waf.duration'] = inspection.durationNs / 1_000
  metrics['_dd.appsec.waf.duration_ext'] = inspection.durationExtUs
  const sometimes: readonly (readonly [string, number])[] = [
    ['_dd.appsec.waf.timeouts', inspection.timeouts],
    ['_dd.appsec.waf.error', inspection.error],
    ['_dd.appsec.truncated.string_length', inspection.truncatedString],
    ['_dd.appsec.truncated.container_size', inspection.truncatedSize],
    ['_dd.appsec.truncated.container_depth', inspection.truncatedDepth],
  ]
  for (const [name, value] of sometimes) if (value !== 0) metrics[name] = value
}
