import { describe, expect, test } from 'vitest'
import { compileRuleset } from '../../../src/waf.ts'
import type { WafCase } from './case.ts'
import { on, rule } from './case.ts'
import { runCases } from './run-cases.ts'

const abc = on('match_regex', { regex: 'abc' })
const blocked = (parameters: object): Record<string, unknown> => ({
  block_request: { status_code: 403, type: 'auto', grpc_status_code: 10, security_response_id: '<id>', ...parameters },
})
const away = (parameters: object): Record<string, unknown> => ({
  redirect_request: { ...parameters, security_response_id: '<id>' },
})

function actionCase(says: string, action: object, actions: Record<string, unknown>, differs?: string): WafCase {
  return {
    says,
    ruleset: { actions: [{ id: 'act', ...action }], rules: [rule([abc], { on_match: ['act'] })] },
    steps: [{ persistent: { a: 'abc' }, rules: ['r1'], actions }],
    ...(differs === undefined ? {} : { differs }),
  }
}
const block = (parameters: object): object => ({ type: 'block_request', parameters })
const redirect = (parameters: object): object => ({ type: 'redirect_request', parameters })

const cases: WafCase[] = [
  actionCase('a status may be a number', block({ status_code: 418 }), blocked({ status_code: 418 })),
  actionCase('a status may be a text', block({ status_code: '404' }), blocked({ status_code: 404 })),
  actionCase('a status of more than three digits is 403', block({ status_code: 1000 }), blocked({})),
  actionCase('a negative status is 403', block({ status_code: -1 }), blocked({})),
  actionCase('a status that is no number is 403', block({ status_code: 'abc' }), blocked({})),
  actionCase(
    'a type and a gRPC status are kept',
    block({ type: 'json', grpc_status_code: '7' }),
    blocked({ type: 'json', grpc_status_code: 7 }),
  ),
  actionCase(
    'a redirection leads to a path',
    redirect({ status_code: 302, location: '/x' }),
    away({ status_code: 302, location: '/x' }),
  ),
  actionCase(
    'a redirection leads to another site',
    redirect({ status_code: '307', location: 'https://x/' }),
    away({ status_code: 307, location: 'https://x/' }),
  ),
  actionCase(
    'a redirection with another status is 303',
    redirect({ status_code: 200, location: '/x' }),
    away({ status_code: 303, location: '/x' }),
  ),
  actionCase('a redirection without a location blocks', redirect({ status_code: 302 }), blocked({})),
  actionCase('a redirection to a script blocks', redirect({ location: 'javascript:alert(1)' }), blocked({})),
  actionCase(
    'a redirection to //host blocks',
    redirect({ status_code: 302, location: '//evil.example' }),
    blocked({}),
    'the reference sends the client to the other host',
  ),
  ...['https://x/a?id=[security_response_id]#b', 'http://[::1]:80/x', '/a%20b'].map((location) =>
    actionCase(
      `a redirection leads to ${location}`,
      redirect({ status_code: ' +0302', location }),
      away({ status_code: 302, location }),
    ),
  ),
  // A reply with such a location could not be written.
  ...['/é', '/中', '/a b', '/a\nb', '/\\x', 'http:x', 'http://', 'http://x y', 'http://x:99999/'].map((location) =>
    actionCase(
      `a redirection to ${JSON.stringify(location)}, which is no URI, blocks`,
      redirect({ location }),
      blocked({}),
    ),
  ),
  actionCase(
    'a redirection to no host blocks',
    redirect({ location: 'http:///x' }),
    blocked({}),
    'the reference sends the client there',
  ),
  actionCase(
    'a redirection to HTTP:// leads there: schemes have no case (RFC 3986, 3.1)',
    redirect({ status_code: 302, location: 'HTTP://x' }),
    away({ status_code: 302, location: 'HTTP://x' }),
    'the reference blocks',
  ),
  actionCase(
    'the id of the block may stand in the path of a redirection',
    redirect({ status_code: 302, location: '/stopped/[security_response_id]' }),
    away({ status_code: 302, location: '/stopped/[security_response_id]' }),
    'the reference blocks, since brackets are not for paths',
  ),
  actionCase(
    'an unknown type is passed on with its parameters',
    { type: 'page_me', parameters: { a: 1, b: 'x', c: true } },
    { page_me: { a: 1, b: 'x', c: true } },
  ),
  {
    says: 'the built-in block can be redefined',
    ruleset: {
      actions: [{ id: 'block', ...block({ status_code: 451 }) }],
      rules: [rule([abc], { on_match: ['block'] })],
    },
    steps: [{ persistent: { a: 'abc' }, rules: ['r1'], actions: blocked({ status_code: 451 }) }],
  },
  {
    says: 'of two blocks the first counts, and unknown ids stay in on_match',
    ruleset: {
      actions: [{ id: 'act', ...block({ status_code: 418 }) }],
      rules: [rule([abc], { on_match: ['nowhere', 'block', 'act'] })],
    },
    steps: [{ persistent: { a: 'abc' }, rules: ['r1'], actions: blocked({}) }],
  },
  {
    says: 'two rules that ask for a stack share its id',
    ruleset: {
      rules: ['one'].map((id) => rule([abc], { id, module: 'rasp', on_match: ['stack_trace', 'extract_schema'] })),
    },
    steps: [
      {
        persistent: { a: 'abc' },
        rules: ['one'],
        actions: { generate_stack: { stack_id: '<id>' }, generate_schema: {} },
      },
    ],
  },
]

describe('actions', () => runCases(cases, 31))

test('the event of a block carries the id that the client is shown', () => {
  const waf = compileRuleset({ version: '2.2', rules: [rule([abc], { on_match: ['block', 'stack_trace'] })] })
  const { events, actions } = waf.createContext().run({ persistent: { a: 'abc' } })
  expect(events[0]?.security_response_id).toMatch(/^[0-9a-f-]{36}$/)
  expect(events[0]?.security_response_id).toBe(actions['block_request']?.['security_response_id'])
  expect(events[0]?.stack_id).toBe(actions['generate_stack']?.['stack_id'])
})

const keyRegex = '(?i)pass|token'
const obfuscation: WafCase[] = [
  {
    says: 'a secret key hides the value and what matched of it',
    ruleset: { rules: [rule([abc])] },
    obfuscator: { keyRegex },
    steps: [
      {
        persistent: { a: { password: ['abc'] } },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: ['password', '0'], value: '<Redacted>', highlight: ['<Redacted>'] }],
      },
    ],
  },
  {
    says: 'other keys hide nothing',
    ruleset: { rules: [rule([abc])] },
    obfuscator: { keyRegex },
    steps: [
      {
        persistent: { a: { q: 'abc' } },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: ['q'], value: 'abc', highlight: ['abc'] }],
      },
    ],
  },
  {
    says: 'a regex on values hides the whole value',
    ruleset: { rules: [rule([abc])] },
    obfuscator: { valueRegex: 'secret' },
    steps: [
      {
        persistent: { a: { q: 'abc secret' } },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: ['q'], value: '<Redacted>', highlight: ['<Redacted>'] }],
      },
    ],
  },
  {
    says: 'without a regex nothing is hidden',
    ruleset: { rules: [rule([abc])] },
    steps: [
      {
        persistent: { a: { password: 'abc' } },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: ['password'], value: 'abc', highlight: ['abc'] }],
      },
    ],
  },
]

const shell = { operator: 'shi_detector', parameters: { resource: [{ address: 'r' }], params: [{ address: 'a' }] } }
obfuscation.push(
  ...(
    [
      ['of a resource that holds a secret, what matched is shown', 'ls secret; id', '; id', '<Redacted>', '; id'],
      ['what matched is hidden when it holds a secret', 'ls; secret', '; secret', '<Redacted>', '<Redacted>'],
    ] as const
  ).map(([says, r, q, value, shown]): WafCase => ({
    says,
    ruleset: { rules: [rule([shell], { module: 'rasp' })] },
    obfuscator: { valueRegex: 'secret' },
    steps: [
      {
        persistent: { r, a: { q } },
        rules: ['r1'],
        matches: [
          {
            resource: { address: 'r', key_path: [], value },
            params: { address: 'a', key_path: ['q'], value: shown },
            highlight: [shown],
          },
        ],
      },
    ],
  })),
)

describe('the obfuscator', () => runCases(obfuscation, 6))

test('an attribute whose key path names a secret is refused, and said so', () => {
  const waf = compileRuleset(
    {
      version: '2.2',
      rules: [rule([abc], { output: { event: true, attributes: { x: { address: 'a', key_path: ['password'] } } } })],
    },
    { obfuscator: { keyRegex } },
  )
  expect(JSON.stringify(waf.diagnostics.rules?.warnings)).toContain('rules[0].output.attributes.x')
  const { attributes } = waf.createContext().run({ persistent: { a: { password: 'x', q: 'abc' } } })
  expect(attributes).toEqual({})
})

test('a body that is one text shows no more than what matched of it', () => {
  const onBody = on('match_regex', { regex: 'abc.*' }, { address: 'server.request.body' })
  const waf = compileRuleset({ version: '2.2', rules: [rule([onBody])] }, { obfuscator: { keyRegex } })
  const { events } = waf
    .createContext()
    .run({ persistent: { 'server.request.body': `card=4111 abc${'x'.repeat(500)}` } })
  expect(events[0]?.rule_matches[0]?.parameters[0]).toMatchObject({
    value: `abc${'x'.repeat(61)}`,
    highlight: [`abc${'x'.repeat(61)}`],
  })
})
