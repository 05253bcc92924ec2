import { expect, test } from 'vitest'
import type { DenylistHit } from '../../src/tracer/denylist/denylist.ts'
import { ListedNow } from '../../src/tracer/denylist/listed-now.ts'
import { Inspection } from '../../src/tracer/inspection.ts'
import { compileRuleset } from '../../src/waf/compile-ruleset.ts'
import { defaultRuleset } from '../../src/waf.ts'

const hit: DenylistHit = { list: 'blocked_ips', value: '203.0.113.9', entry: '203.0.113.9', expirationSeconds: 0 }

test.each([
  { when: 'in time', stepNs: 0, timeout: false },
  { when: 'with a request so large that the engine runs out of time', stepNs: 10_000_000, timeout: true },
])('what is on the denylist is blocked, $when', ({ stepNs, timeout }) => {
  const listed = new ListedNow({ size: 1 })
  let ns = 0
  const waf = compileRuleset(defaultRuleset(), {
    clock: { nowMs: () => 0, monotonicNs: () => (ns += stepNs) },
    lists: listed.lists,
  })
  const inspection = new Inspection({
    waf,
    rulesVersion: undefined,
    denylist: { size: 1, check: () => ({ blocked: true, passlisted: false, hit }) },
    blocking: true,
    takeBudgetUs: () => 5_000,
    blockParameters: { status_code: 403 },
    listed,
    ruledLists: new Set(['blocked_ips']),
  })
  const query = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`key${index}`, `value<${index}>'"`]))
  const action = inspection.run({ 'server.request.query': query, 'http.client_ip': '203.0.113.9' }, hit)
  expect(inspection.timeouts > 0).toBe(timeout)
  expect(action).toMatchObject({ type: 'block_request', statusCode: 403 })
  expect(inspection.events.map(({ rule }) => rule.id)).toContain('blk-001-001')
})
