/**
 * The rules of the block lists, by the ids under which Datadog tools know them. The denylist answers before them; they
 * are the ruleset in force where no other is.
 */
export const listRuleset = {
  version: '2.2',
  metadata: { rules_version: '1.0.0' },
  rules: [
    {
      id: 'blk-001-001',
      name: 'Block IP Addresses',
      tags: { type: 'block_ip', category: 'security_response', module: 'network-acl' },
      conditions: [
        { operator: 'ip_match', parameters: { inputs: [{ address: 'http.client_ip' }], data: 'blocked_ips' } },
      ],
      on_match: ['block'],
    },
    {
      id: 'blk-001-002',
      name: 'Block User Addresses',
      tags: { type: 'block_user', category: 'security_response', module: 'authentication-acl' },
      conditions: [{ operator: 'exact_match', parameters: { inputs: [{ address: 'usr.id' }], data: 'blocked_users' } }],
      on_match: ['block'],
    },
  ],
} as const
