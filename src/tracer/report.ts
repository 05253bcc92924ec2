import { gzipSync } from 'node:zlib'
import { tag } from '../model/tags.ts'
import type { Inspection } from './inspection.ts'
import { setTag, type LiveSpan } from './span/live-span.ts'

const SCHEMA_PREFIX = '_dd.appsec.s.'

/** Writes what an inspection found on the span (spec/tracer.md 2.6). */
export function reportInspection(span: LiveSpan, inspection: Inspection, peer: string | undefined): void {
  const { events, protection } = inspection
  if (protection.rulesVersion !== undefined) setTag(span, tag.appsecRulesVersion, protection.rulesVersion)
  if (events.length > 0) {
    setTag(span, tag.appsecEvent, 'true')
    span.meta[tag.origin] ??= 'appsec'
    // Longer than other tags may be, so set past their bound: an agent cuts it no earlier, and cut JSON is worthless.
    span.meta[tag.appsecJson] = JSON.stringify({ triggers: events })
    if (peer !== undefined) setTag(span, tag.networkClientIp, peer)
  }
  for (const attributes of inspection.attributes) {
    for (const [name, value] of Object.entries(attributes)) reportAttribute(span, name, value)
  }
  reportMetrics(span.metrics, inspection)
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
