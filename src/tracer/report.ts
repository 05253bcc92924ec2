import { gzipSync } from 'node:zlib'
import { tag } from '../model/tags.ts'
import type { WafEvent } from '../model/waf-event.ts'
import type { Inspection } from './inspection.ts'
import type { LiveSpan } from './span/live-span.ts'

/** Longest `_dd.appsec.json`, and what a text inside it is cut to when it is longer. */
const MAX_TRIGGERS_LENGTH = 64_000
const MAX_SHORT_LENGTH = 256

const SCHEMA_PREFIX = '_dd.appsec.s.'

/** Writes what an inspection found on the span (spec/tracer.md 2.6). */
export function reportInspection(span: LiveSpan, inspection: Inspection, peer: string | undefined): void {
  const { events, protection } = inspection
  if (protection.rulesVersion !== undefined) span.setTag(tag.appsecRulesVersion, protection.rulesVersion)
  if (events.length > 0) {
    span.setTag(tag.appsecEvent, 'true')
    if (span.tag(tag.origin) === undefined) span.setTag(tag.origin, 'appsec')
    reportTriggers(span, events)
    if (peer !== undefined) span.setTag(tag.networkClientIp, peer)
  }
  for (const attributes of inspection.attributes) {
    for (const name in attributes) reportAttribute(span, name, attributes[name])
  }
  reportMetrics(span, inspection)
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
    if (left > 0) span.setMetric('_dd.portcullis.events.discarded', left)
  }
  // Bounded above: cut like other tags it would be of no use.
  span.tags.set(tag.appsecJson, text)
}

function reportAttribute(span: LiveSpan, name: string, value: unknown): void {
  if (name.startsWith(SCHEMA_PREFIX)) {
    span.setTag(name, gzipSync(JSON.stringify(value)).toString('base64'))
  } else if (typeof value === 'number') {
    span.setMetric(name, value)
  } else {
    span.setTag(name, typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
  }
}

function reportMetrics({ numbers }: LiveSpan, inspection: Inspection): void {
  if (inspection.runs === 0) return
  numbers.set('_dd.appsec.waf.duration', inspection.durationNs / 1_000)
  numbers.set('_dd.appsec.waf.duration_ext', inspection.durationExtUs)
  const { timeouts, error, truncatedString, truncatedSize, truncatedDepth } = inspection
  if (timeouts !== 0) numbers.set('_dd.appsec.waf.timeouts', timeouts)
  if (error !== 0) numbers.set('_dd.appsec.waf.error', error)
  if (truncatedString !== 0) numbers.set('_dd.appsec.truncated.string_length', truncatedString)
  if (truncatedSize !== 0) numbers.set('_dd.appsec.truncated.container_size', truncatedSize)
  if (truncatedDepth !== 0) numbers.set('_dd.appsec.truncated.container_depth', truncatedDepth)
}
