import { describe } from 'vitest'
import type { WafCase } from './case.ts'
import { on, rule } from './case.ts'
import { runCases } from './run-cases.ts'

const abc = on('match_regex', { regex: 'abc' })

const cases: WafCase[] = [
  {
    says: 'a regex is found anywhere, in either case',
    ruleset: { rules: [rule([abc])] },
    steps: [
      {
        persistent: { a: { x: ['zABCz'] } },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: ['x', '0'], value: 'zABCz', highlight: ['ABC'] }],
        keep: true,
      },
    ],
  },
  {
    says: 'a regex may match nothing, but not in an empty text',
    ruleset: { rules: [rule([on('match_regex', { regex: 'x*' })])] },
    steps: [
      { persistent: { a: [''] } },
      {
        persistent: { a: 'abc' },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: [], value: 'abc', highlight: [''] }],
      },
    ],
  },
  {
    says: 'keys_only looks at keys and shows the key as the value',
    ruleset: { rules: [rule([abc], { transformers: ['keys_only'] })] },
    steps: [
      {
        persistent: { a: { x: { zabc: ['abc'] } } },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: ['x', 'zabc'], value: 'zabc', highlight: ['abc'] }],
      },
    ],
  },
  {
    says: 'a blocking rule gives the block action',
    ruleset: { rules: [rule([abc], { on_match: ['block'] })] },
    steps: [
      {
        persistent: { a: 'abc' },
        rules: ['r1'],
        actions: {
          block_request: { status_code: 403, type: 'auto', grpc_status_code: 10, security_response_id: '<id>' },
        },
      },
    ],
  },
  {
    says: 'a redirection takes precedence over a block',
    ruleset: {
      actions: [{ id: 'away', type: 'redirect_request', parameters: { status_code: '302', location: '/sorry' } }],
      rules: [rule([abc], { on_match: ['block', 'away'] })],
    },
    steps: [
      {
        persistent: { a: 'abc' },
        rules: ['r1'],
        actions: { redirect_request: { status_code: 302, location: '/sorry', security_response_id: '<id>' } },
      },
    ],
  },
  {
    says: 'conditions may match in any order over several runs',
    ruleset: { rules: [rule([abc, on('match_regex', { regex: 'def' }, { address: 'b' })])] },
    steps: [
      { persistent: { b: 'def' } },
      { persistent: { c: 'def' } },
      { persistent: { a: 'abc' }, rules: ['r1'] },
      { persistent: { a: 'abc' } },
    ],
  },
  {
    says: 'ephemeral data are forgotten after their run',
    ruleset: { rules: [rule([abc, on('match_regex', { regex: 'def' }, { address: 'b' })])] },
    steps: [{ ephemeral: { b: 'def' } }, { persistent: { a: 'abc' } }, { ephemeral: { b: 'def' }, rules: ['r1'] }],
  },
  {
    says: 'a live list of addresses is looked up',
    ruleset: {
      rules: [rule([on('ip_match', { data: 'blocked' })], { module: 'network-acl', on_match: ['block'] })],
      rules_data: [{ id: 'blocked', type: 'ip_with_expiration', data: [{ value: '10.1.0.0/16', expiration: 0 }] }],
    },
    steps: [
      { persistent: { a: '10.2.3.4' } },
      {
        persistent: { a: '::ffff:10.1.3.4' },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: [], value: '::ffff:10.1.3.4', highlight: ['::ffff:10.1.3.4'] }],
      },
    ],
  },
]

describe('basic rules', () => runCases(cases, 8))
