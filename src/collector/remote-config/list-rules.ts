import type { DataItem } from '../../model/remote-config.ts'
import type { WireListId } from './lists.ts'

const respond = { type: 'security_response', category: 'security_response' } as const

function condition(operator: string, data: WireListId, inputs: readonly object[]): object {
  return { operator, parameters: { inputs, data } }
}

/** Rules for the lists that no ruleset reads by itself (spec/detection.md 1.7), in the order of precedence. */
const blockRules: readonly { readonly list: WireListId; readonly rule: object }[] = [
  {
    list: 'blocked_logins',
    rule: {
      id: 'pc-blk-login',
      name: 'Login on the denylist',
      tags: { ...respond, type: 'block_login' },
      conditions: [condition('exact_match', 'blocked_logins', [{ address: 'usr.login' }])],
      transformers: [],
    },
  },
  {
    list: 'blocked_user_agents',
    rule: {
      id: 'pc-blk-ua',
      name: 'User agent on the denylist',
      tags: { ...respond, type: 'block_user_agent' },
      conditions: [
        condition('exact_match', 'blocked_user_agents', [
          { address: 'server.request.headers.no_cookies', key_path: ['user-agent'] },
        ]),
      ],
      transformers: [],
    },
  },
  {
    list: 'blocked_fingerprints',
    rule: {
      id: 'pc-blk-fp',
      name: 'Fingerprint on the denylist',
      tags: { ...respond, type: 'block_fingerprint' },
      conditions: [
        condition('exact_match', 'blocked_fingerprints', [
          { address: '_dd.appsec.fp.http.header' },
          { address: '_dd.appsec.fp.http.network' },
          { address: '_dd.appsec.fp.http.endpoint' },
          { address: '_dd.appsec.fp.session' },
        ]),
      ],
      transformers: [],
    },
  },
]

const passRules: readonly { readonly list: WireListId; readonly rule: object }[] = [
  {
    list: 'passlisted_ips',
    rule: {
      id: 'pc-pass-ip',
      conditions: [condition('ip_match', 'passlisted_ips', [{ address: 'http.client_ip' }])],
      on_match: 'monitor',
    },
  },
  {
    list: 'passlisted_users',
    rule: {
      id: 'pc-pass-user',
      conditions: [condition('exact_match', 'passlisted_users', [{ address: 'usr.id' }])],
      on_match: 'monitor',
    },
  },
]

/**
 * The content of the `ASM` configurations that make these lists work; undefined where none is needed. `onMatch` is the
 * action that answers a denylist block.
 */
export function listRules(
  isUsed: (list: WireListId) => boolean,
  onMatch: string,
): {
  readonly block: object | undefined
  readonly pass: object | undefined
} {
  const custom_rules = blockRules
    .filter(({ list }) => isUsed(list))
    .map(({ rule }) => ({ ...rule, on_match: [onMatch] }))
  const exclusions = passRules.filter(({ list }) => isUsed(list)).map(({ rule }) => rule)
  return {
    block: custom_rules.length === 0 ? undefined : { custom_rules },
    pass: exclusions.length === 0 ? undefined : { exclusions },
  }
}

/** All networks on the passlist: the kill switch, as every tracer understands it. */
export const everyNetwork: readonly DataItem[] = [{ value: '0.0.0.0/0' }, { value: '::/0' }]

/** With it, requests whose client has no address are let through as well. */
export const killSwitchExclusion = {
  exclusions: [
    {
      id: 'pc-kill-switch',
      conditions: [{ operator: 'exists', parameters: { inputs: [{ address: 'server.request.uri.raw' }] } }],
      on_match: 'monitor',
    },
  ],
}
