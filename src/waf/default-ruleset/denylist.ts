import type { RuleSpec } from './rule.ts'

/**
 * The lists that the collector, or any Datadog backend, fills under these ids. They are not declared empty in the
 * ruleset: the reference engine ends the process on a list without items.
 * Source: spec/tracer.md 2.8.
 */
export const denylistRules: readonly RuleSpec[] = [
  {
    id: 'blk-001-001',
    name: 'Client address on the denylist',
    tags: { type: 'block_ip', category: 'security_response', module: 'network-acl' },
    conditions: [
      { operator: 'ip_match', parameters: { inputs: [{ address: 'http.client_ip' }], data: 'blocked_ips' } },
    ],
    on_match: ['block'],
  },
  {
    id: 'blk-001-002',
    name: 'User on the denylist',
    tags: { type: 'block_user', category: 'security_response', module: 'authentication-acl' },
    conditions: [{ operator: 'exact_match', parameters: { inputs: [{ address: 'usr.id' }], data: 'blocked_users' } }],
    on_match: ['block'],
  },
]
