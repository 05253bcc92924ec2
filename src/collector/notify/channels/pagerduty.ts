import type { Severity } from '../../../model/detection-rule.ts'
import type { SignalEvent } from '../../../model/notification.ts'
import { summarize, type Post } from './channel.ts'

const severityOf: Readonly<Record<Severity, string>> = {
  info: 'info',
  low: 'info',
  medium: 'warning',
  high: 'error',
  critical: 'critical',
}

/** PagerDuty Events v2: one incident for a signal, resolved when it closes. */
export function pagerdutyPost(
  { url, routingKey }: { readonly url: string; readonly routingKey: string },
  event: SignalEvent,
): Post {
  const { headline, facts } = summarize(event)
  const { signal } = event
  const body = {
    routing_key: routingKey,
    event_action: event.type === 'signal.closed' ? 'resolve' : 'trigger',
    dedup_key: signal.id.slice(0, 255),
    payload: {
      summary: headline,
      source: signal.group['service'] ?? 'portcullis',
      severity: severityOf[signal.severity],
      timestamp: event.at,
      component: signal.group['env'] ?? '',
      group: signal.rule.id,
      class: event.type,
      custom_details: Object.fromEntries(facts),
    },
    client: 'Portcullis',
    client_url: event.link,
  }
  return { url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
