import { expect, test } from 'vitest'
import type { Span } from '../../src/model/span.ts'
import type { WafEvent } from '../../src/model/waf-event.ts'
import { ListedNow } from '../../src/tracer/denylist/listed-now.ts'
import { toSpan } from '../../src/tracer/finished-span.ts'
import { Inspection, type Protection } from '../../src/tracer/inspection.ts'
import { reportInspection } from '../../src/tracer/report.ts'
import { LiveSpan } from '../../src/tracer/span/live-span.ts'
import { compileRuleset } from '../../src/waf.ts'
import { ruleset } from './frameworks/ruleset.ts'

const protection: Protection = {
  waf: compileRuleset(ruleset),
  rulesVersion: '1.2.3',
  denylist: { size: 0, check: () => ({ blocked: false, passlisted: false }) },
  blocking: true,
  takeBudgetUs: () => 1_000_000,
  blockParameters: {},
  listed: new ListedNow({ size: 0 }),
  ruledLists: new Set(),
}

function reported(values: readonly string[]): Span {
  const inspection = new Inspection(protection)
  for (const value of values) inspection.events.push(eventWith(value))
  const span = new LiveSpan({ service: 's', meta: {}, metrics: {} }, 'n', 0, undefined)
  reportInspection(span, inspection, '192.0.2.1')
  return toSpan(span)
}

function eventWith(value: string): WafEvent {
  const parameters = [{ address: 'server.request.query', key_path: ['q'], value, highlight: [value] }]
  return {
    rule: { id: 'r', name: 'r', tags: { type: 't' }, on_match: [] },
    rule_matches: [{ operator: 'match_regex', operator_value: 'x', parameters }],
  }
}

function triggers(span: Span): WafEvent[] {
  return (JSON.parse(span.meta['_dd.appsec.json'] ?? '') as { triggers: WafEvent[] }).triggers
}

test('events are told of as they are', () => {
  const span = reported(['attack'])
  expect(triggers(span)).toEqual([eventWith('attack')])
  expect(span.meta).toMatchObject({ 'appsec.event': 'true', '_dd.origin': 'appsec', 'network.client.ip': '192.0.2.1' })
})

test('long texts are cut before an event is left out', () => {
  const span = reported(['a'.repeat(100_000), 'short'])
  expect(triggers(span)).toHaveLength(2)
  expect(span.meta['_dd.appsec.json']?.length).toBeLessThan(64_000)
  expect(span.metrics).not.toHaveProperty(['_dd.portcullis.events.discarded'])
})

test('events beyond the bound are left out and counted', () => {
  const span = reported(Array.from({ length: 1_000 }, () => 'x'.repeat(300)))
  const told = triggers(span).length
  expect(span.meta['_dd.appsec.json']?.length).toBeLessThanOrEqual(64_000)
  expect(told).toBeGreaterThan(10)
  expect(span.metrics['_dd.portcullis.events.discarded']).toBe(1_000 - told)
})

test('a user is blocked as often as asked about, though the engine reports a rule once', () => {
  const blocking = compileRuleset({
    version: '2.2',
    rules: [
      {
        id: 'user',
        name: 'user',
        tags: { type: 'user' },
        conditions: [{ operator: 'exact_match', parameters: { inputs: [{ address: 'usr.id' }], list: ['eve'] } }],
        on_match: ['block'],
      },
    ],
  })
  const inspection = new Inspection({ ...protection, waf: blocking })
  const first = inspection.run({ 'usr.id': 'eve' })
  expect(first).toMatchObject({ type: 'block_request', statusCode: 403 })
  expect(inspection.run({ 'usr.id': 'eve' })).toEqual(first)
  expect(inspection.run({ 'usr.id': 'ada' })).toBeUndefined()
  expect(inspection.events).toHaveLength(1)
})
