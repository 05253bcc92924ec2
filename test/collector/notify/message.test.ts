import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { renderMessage } from '../../../src/collector/notify/message.ts'
import { sampleEvent } from '../../../src/collector/notify/sample-event.ts'
import type { SignalEvent } from '../../../src/model/notification.ts'

const sample = sampleEvent('e', '2026-03-10T12:00:00.000Z', () => '')
const event: SignalEvent = {
  ...sample,
  signal: {
    ...sample.signal,
    severity: 'critical',
    case: 'Account compromised',
    rule: { id: 'r', name: 'Credential stuffing', version: 1 },
    group: { service: 'shop', env: 'prod', 'http.client_ip': '203.0.113.9', evil: '{{severity}} <b>&' },
    tags: ['team:payments'],
    counts: { failures: 40, successes: 2 },
    firstSeen: '2026-03-10T11:00:00.000Z',
  },
  compromisedUsers: [{ usrLogin: 'mia', usrId: 'u1', at: '', ip: '', traceId: '' }],
}

const cases: [template: string, rendered: string][] = [
  ['no variable at all', 'no variable at all'],
  ['{{severity}} {{rule_name}}: {{case_name}}', '4 Credential stuffing: Account compromised'],
  ['{{first_seen}} {{ first_seen_epoch }}', '2026-03-10T11:00:00.000Z 1773140400'],
  ['{{timestamp}}', '2026-03-10T12:00:00.000Z'],
  ['{{events_matched}}, {{events_matched_per_query.failures}} failed', '42, 40 failed'],
  ['from {{@http.client_ip}} at {{service}}', 'from 203.0.113.9 at shop'],
  ['{{tag.team}} {{tag.service}} {{service.name}}', 'payments shop shop'],
  ['{{@usr.id}} {{@usr.login}}', 'u1 mia'],
  ['[{{nothing}}{{events_matched_per_query.x}}{{tag.x}}]', '[]'],
  ['{{#is_match "service" "sho" "x"}}yes{{else}}no{{/is_match}}', 'yes'],
  ['{{^is_match "service" "sho"}}yes{{else}}no{{/is_match}}', 'no'],
  ['{{#is_exact_match "env" "pro"}}yes{{else}}no{{/is_exact_match}}', 'no'],
  ['{{#if @http.client_ip}}a{{#if @nothing}}b{{else}}c{{/if}}{{/if}}d', 'acd'],
  ['{{urlencode "@evil"}}', '%7B%7Bseverity%7D%7D%20%3Cb%3E%26'],
  ['{{@evil}}', '{{severity}} <b>&'],
  ['{{{{raw}}}}{{severity}}{{{{/raw}}}}', '{{severity}}'],
  ['{{__proto__}}{{constructor}}{{@toString}}', ''],
  ['an open {{ end, {{/if}} and {{else}}', 'an open {{ end,  and'],
]
test.each(cases)('%s', (template, rendered) => {
  expect(renderMessage(template, event)).toBe(rendered)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(18))

test('no template makes it throw or endless', () => {
  const pieces = [
    '{{',
    '}}',
    '#if ',
    '/if',
    'else',
    '@evil',
    '"',
    '{{{{raw}}}}',
    '{{{{/raw}}}}',
    'urlencode ',
    'x',
    '\ud800',
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (parts) => {
      expect(renderMessage(parts.join(''), event).length).toBeLessThanOrEqual(8_000)
    }),
    { numRuns: 500 },
  )
  expect(renderMessage('{{@evil}}'.repeat(5_000), event).length).toBeLessThanOrEqual(8_000)
})
