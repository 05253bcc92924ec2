import { describe, expect, test } from 'vitest'
import { compileRuleset } from '../../../src/waf.ts'
import { referenceRun, referenceWaf } from '../../support/reference-waf.ts'
import type { WafCase } from './case.ts'
import { on, rule } from './case.ts'
import { runCases } from './run-cases.ts'

const abc = on('match_regex', { regex: 'abc' })
const block = (id: string): Record<string, unknown> => ({
  block_request: { status_code: 403, type: 'auto', grpc_status_code: 10, security_response_id: id },
})
const hit = { persistent: { a: 'abc' } }
const teapot = { id: 'teapot', type: 'block_request', parameters: { status_code: 418 } }

const filters: WafCase[] = [
  {
    says: 'a rule filter bypasses the rule it names',
    ruleset: {
      rules: [rule([abc]), rule([abc], { id: 'r2', type: 't2' })],
      exclusions: [{ id: 'x', rules_target: [{ rule_id: 'r1' }] }],
    },
    steps: [{ ...hit, rules: ['r2'] }],
  },
  {
    says: 'a rule filter bypasses rules that carry all its tags',
    ruleset: {
      rules: [rule([abc]), rule([abc], { id: 'r2', type: 't2' })],
      exclusions: [{ id: 'x', rules_target: [{ tags: { type: 't2', category: 'test' } }] }],
    },
    steps: [{ ...hit, rules: ['r1'] }],
  },
  {
    says: 'a target without tags is no rule',
    ruleset: { rules: [rule([abc])], exclusions: [{ id: 'x', rules_target: [{ tags: {} }] }] },
    steps: [{ ...hit, rules: ['r1'] }],
  },
  {
    says: 'a filter with conditions is in force once they hold, then for the context',
    ruleset: {
      rules: [rule([abc], { module: 'rasp' })],
      exclusions: [{ id: 'x', conditions: [on('match_regex', { regex: 'zz' }, { address: 'b' })] }],
    },
    steps: [{ persistent: { b: 'zz' } }, { ...hit }, { persistent: { a: 'abc', b: 'no' } }],
  },
  {
    says: 'a filter that held on ephemeral data is over with the run',
    ruleset: {
      rules: [rule([abc]), rule([on('match_regex', { regex: 'x' }, { address: 'c' })], { id: 'r2', type: 't2' })],
      exclusions: [{ id: 'x', conditions: [on('match_regex', { regex: 'zz' }, { address: 'b' })] }],
    },
    steps: [
      { persistent: { a: 'abc' }, ephemeral: { b: 'zz' } },
      { persistent: { c: 'y' }, rules: ['r1'] },
    ],
  },
  {
    says: 'monitor keeps the event and the other actions, and blocks nothing',
    ruleset: {
      rules: [rule([abc], { on_match: ['block', 'stack_trace'] })],
      exclusions: [{ id: 'x', rules_target: [{ rule_id: 'r1' }], on_match: 'monitor' }],
    },
    steps: [{ ...hit, rules: ['r1'], actions: { generate_stack: { stack_id: '<id>' } } }],
  },
  {
    says: 'an action of the filter takes the place of the rule’s blocking one',
    ruleset: {
      actions: [teapot],
      rules: [rule([abc], { on_match: ['block'] })],
      exclusions: [{ id: 'x', rules_target: [{ rule_id: 'r1' }], on_match: 'teapot' }],
    },
    steps: [
      {
        ...hit,
        rules: ['r1'],
        actions: {
          block_request: { status_code: 418, type: 'auto', grpc_status_code: 10, security_response_id: '<id>' },
        },
      },
    ],
  },
  {
    says: 'a monitored rule that a filter makes block ends the run',
    ruleset: {
      actions: [teapot],
      rules: [rule([abc], { on_match: ['stack_trace'] }), rule([abc], { id: 'r2', type: 't2' })],
      exclusions: [{ id: 'x', rules_target: [{ rule_id: 'r1' }], on_match: 'teapot' }],
    },
    steps: [{ ...hit, rules: ['r1'] }],
  },
  {
    says: 'an action that is unknown or does not block changes nothing',
    ruleset: {
      rules: [rule([abc], { on_match: ['block'] })],
      exclusions: [
        { id: 'x', rules_target: [{ rule_id: 'r1' }], on_match: 'nowhere' },
        { id: 'y', rules_target: [{ rule_id: 'r1' }], on_match: 'stack_trace' },
      ],
    },
    steps: [{ ...hit, rules: ['r1'], actions: block('<id>') }],
  },
  {
    says: 'bypass takes precedence over monitor',
    ruleset: {
      rules: [rule([abc], { on_match: ['block'] })],
      exclusions: [
        { id: 'x', rules_target: [{ rule_id: 'r1' }], on_match: 'monitor' },
        { id: 'y', rules_target: [{ rule_id: 'r1' }] },
      ],
    },
    steps: [{ ...hit }],
  },
  {
    says: 'an action of the filter counts in every run that matches ephemeral data',
    ruleset: {
      actions: [teapot],
      rules: [rule([abc])],
      exclusions: [{ id: 'x', rules_target: [{ rule_id: 'r1' }], on_match: 'teapot' }],
    },
    steps: [
      { ephemeral: { a: 'abc' }, rules: ['r1'] },
      { ephemeral: { a: 'abc' }, rules: ['r1'] },
    ],
    differs: 'the reference looks no further at rules of that type, and blocks nothing in the second run',
  },
]

const shell = { operator: 'shi_detector', parameters: { resource: [{ address: 'r' }], params: [{ address: 'a' }] } }
const hidden = (key_path: readonly string[], condition: object, more: object = {}): Record<string, unknown> => ({
  rules: [rule([condition], { module: 'rasp', ...more })],
  exclusions: [{ id: 'x', inputs: [{ address: 'a', ...(key_path.length > 0 ? { key_path } : {}) }] }],
})

const inputFilters: WafCase[] = [
  {
    says: 'an input filter hides what stands at its path, and what is below',
    ruleset: hidden(['k'], abc),
    steps: [{ persistent: { a: { k: ['abc', { x: 'abc' }] } } }, { persistent: { a: { j: 'abc' } }, rules: ['r1'] }],
  },
  {
    says: 'the path of an input filter does not pass through lists',
    ruleset: hidden(['k'], abc),
    steps: [{ persistent: { a: [{ k: 'abc' }] }, rules: ['r1'] }],
  },
  {
    says: '* stands for one key or index',
    ruleset: hidden(['*', 'k'], abc),
    steps: [
      { persistent: { a: [{ k: 'abc' }] } },
      { persistent: { a: { z: { k: 'abc' } } } },
      { persistent: { a: { z: [{ k: 'abc' }] } }, rules: ['r1'] },
    ],
  },
  {
    says: 'the key of a hidden entry is hidden',
    ruleset: hidden(['abc'], abc, { transformers: ['keys_only'] }),
    steps: [{ persistent: { a: { abc: 'z' } } }, { persistent: { a: { x: { abc: 'z' } } }, rules: ['r1'] }],
  },
  {
    says: 'an input below what is hidden is hidden',
    ruleset: hidden([], on('match_regex', { regex: 'abc' }, { key_path: ['k'] })),
    steps: [{ persistent: { a: { k: 'abc' } } }],
  },
  {
    says: 'a hidden resource is looked for nowhere',
    ruleset: {
      rules: [rule([shell], { module: 'rasp' })],
      exclusions: [{ id: 'x', inputs: [{ address: 'r' }] }],
    },
    steps: [{ persistent: { r: 'ls; id', a: '; id' } }],
  },
  {
    says: 'a hidden parameter is looked for nowhere',
    ruleset: { ...hidden(['k'], shell), rules: [rule([shell], { module: 'rasp' })] },
    steps: [{ persistent: { r: 'ls; id', a: { k: '; id' } } }, { persistent: { a: { l: '; id' } }, rules: ['r1'] }],
  },
  {
    says: 'what is hidden neither exists nor is missing',
    ruleset: hidden(['k'], on('!exists', {}, { key_path: ['k', 'z'] })),
    steps: [{ persistent: { a: { k: {} } } }, { persistent: { a: {} }, rules: ['r1'] }],
  },
  {
    says: 'what is hidden does not exist',
    ruleset: hidden(['k'], on('exists', {}, { key_path: ['k', 'z'] })),
    steps: [{ persistent: { a: { k: { z: 1 } } } }],
  },
]

const overrides: WafCase[] = [
  {
    says: 'an override disables a rule and gives another an action',
    ruleset: {
      rules: [rule([abc]), rule([abc], { id: 'r2', type: 't2' })],
      rules_override: [
        { rules_target: [{ rule_id: 'r1' }], enabled: false },
        { rules_target: [{ tags: { type: 't2' } }], on_match: ['block'] },
      ],
    },
    steps: [{ ...hit, rules: ['r2'], actions: block('<id>') }],
  },
  {
    says: 'an override may name one rule by id',
    ruleset: { rules: [rule([abc])], rules_override: [{ id: 'r1', on_match: ['block'] }] },
    steps: [{ ...hit, rules: ['r1'], actions: block('<id>') }],
  },
  {
    says: 'an override by id comes after one by tags',
    ruleset: {
      rules: [rule([abc])],
      rules_override: [
        { rules_target: [{ rule_id: 'r1' }], on_match: ['block'] },
        { rules_target: [{ tags: { type: 't1' } }], on_match: ['extract_schema'] },
      ],
    },
    steps: [{ ...hit, rules: ['r1'], actions: block('<id>') }],
  },
  {
    says: 'an override leaves custom rules alone',
    ruleset: {
      rules: [rule([abc], { id: 'base' })],
      custom_rules: [rule([abc], { id: 'custom', type: 'c' })],
      rules_override: [{ rules_target: [{ tags: { category: 'test' } }], enabled: false }],
    },
    steps: [{ ...hit, rules: ['custom'] }],
  },
  {
    says: 'an override adds tags, which exclusions can aim at, and replaces none',
    ruleset: {
      rules: [rule([abc]), rule([abc], { id: 'r2', type: 't2' })],
      rules_override: [{ rules_target: [{ rule_id: 'r1' }, { rule_id: 'r2' }], tags: { type: 'other', team: 'web' } }],
      exclusions: [{ id: 'x', rules_target: [{ tags: { team: 'web', type: 't2' } }] }],
    },
    steps: [{ ...hit, rules: ['r1'] }],
  },
]

const twice = (...rules_override: readonly object[]): Record<string, unknown> => ({
  rules: [rule([abc])],
  rules_override,
  // Tells by which tag it was reached.
  exclusions: ['one', 'two'].map((team) => ({ id: team, rules_target: [{ tags: { team } }], on_match: team })),
  actions: ['one', 'two'].map((id, at) => ({ id, type: 'block_request', parameters: { status_code: 418 + at } })),
})
const byId = (more: object): object => ({ rules_target: [{ rule_id: 'r1' }], ...more })
const byTag = (more: object): object => ({ rules_target: [{ tags: { type: 't1' } }], ...more })
const team = (name: string): object => ({ tags: { team: name } })
const stopped = (status_code: number): Record<string, unknown> => ({
  block_request: { status_code, type: 'auto', grpc_status_code: 10, security_response_id: '<id>' },
})

overrides.push(
  ...(
    [
      ['of two overrides by id the first counts', byId({ on_match: ['one'] }), byId({ on_match: ['two'] }), 418],
      ['of two overrides by tags the first counts', byTag({ on_match: ['one'] }), byTag({ on_match: ['two'] }), 418],
      ['a tag is that of the first override', byId(team('one')), byId(team('two')), 418],
      ['a tag is that of the override by id', byTag(team('one')), byId(team('two')), 419],
    ] as const
  ).map(([says, first, second, status]): WafCase => ({
    says,
    ruleset: twice(first, second),
    steps: [{ ...hit, rules: ['r1'], actions: stopped(status) }],
  })),
  {
    says: 'a rule without a module goes to the one that an override names; one that has a module stays',
    ruleset: {
      rules: [
        rule([abc]),
        rule([abc], { id: 'stays', type: 't2', module: 'waf' }),
        rule([abc], { id: 'rasp', type: 't3', module: 'rasp' }),
      ],
      rules_override: [{ rules_target: [{ rule_id: 'r1' }, { rule_id: 'stays' }], tags: { module: 'network-acl' } }],
    },
    steps: [{ ...hit, rules: ['r1', 'rasp', 'stays'] }],
  },
)

const acts = [418, 419].map((status_code) => ({
  id: `act${status_code}`,
  type: 'block_request',
  parameters: { status_code },
}))
const exactly = (id: string, on_match: string): object => ({ id, rules_target: [{ rule_id: 'r1' }], on_match })

filters.push(
  {
    says: 'of several actions that filters force the last counts',
    ruleset: {
      actions: acts,
      rules: [rule([abc])],
      exclusions: [exactly('x', 'act419'), exactly('y', 'act418')],
    },
    steps: [
      {
        ...hit,
        rules: ['r1'],
        actions: {
          block_request: { status_code: 418, type: 'auto', grpc_status_code: 10, security_response_id: '<id>' },
        },
      },
    ],
  },
  {
    says: 'a forced action takes the place of monitor, and leaves the others',
    ruleset: {
      rules: [rule([abc], { on_match: ['monitor', 'stack_trace', 'nowhere'] })],
      exclusions: [exactly('x', 'block')],
    },
    steps: [{ ...hit, rules: ['r1'], actions: { ...block('<id>'), generate_stack: { stack_id: '<id>' } } }],
  },
  {
    says: 'the transformers of a filter are not those of its conditions',
    ruleset: {
      rules: [rule([abc])],
      exclusions: [
        { id: 'x', transformers: ['lowercase'], conditions: [on('exact_match', { list: ['z'] }, { address: 'b' })] },
      ],
    },
    steps: [{ persistent: { a: 'abc', b: 'Z' }, rules: ['r1'] }],
  },
)

filters.push({
  says: 'a filter that forces no blocking action ends nothing',
  ruleset: {
    rules: [rule([abc], { module: 'configuration' }), rule([abc], { id: 'r2', type: 't2' })],
    exclusions: [{ id: 'x', rules_target: [{ rule_id: 'r1' }], on_match: 'nowhere' }],
  },
  steps: [{ ...hit, rules: ['r1', 'r2'] }],
  differs: 'the reference looks no further, as if the rule had blocked',
})

inputFilters.push(
  {
    says: 'an index in the path of an input filter counts from the end when it is negative',
    ruleset: {
      rules: [rule([abc], { module: 'rasp' })],
      exclusions: [{ id: 'x', inputs: [{ address: 'a', key_path: ['k', -1] }] }],
    },
    steps: [{ persistent: { a: { k: ['x', 'abc'] } } }, { persistent: { a: { k: ['abc', 'x'] } }, rules: ['r1'] }],
    differs: 'the reference (1.30) cannot index lists; 2.x does',
  },
  ...(
    [
      [{ k: 'abc', x: 'foo' }, ['r1']],
      [{ k: 'foo' }, []],
      [{ k: 'foo', x: 5 }, []],
      [{ k: 'foo', x: 'abc' }, []],
      [{ k: { z: null }, x: 'foo' }, ['r1']],
    ] as const
  ).map(([a, rules]): WafCase => ({
    says: `a negation looks at what is not hidden: ${JSON.stringify(a)}`,
    ruleset: hidden(['k'], on('!match_regex', { regex: 'abc' })),
    steps: [{ persistent: { a }, rules }],
  })),
  {
    says: 'a filter hides an input and what is below it, both named',
    ruleset: {
      rules: [rule([abc])],
      exclusions: [{ id: 'x', inputs: [{ address: 'a' }, { address: 'a', key_path: ['*', '*'] }] }],
    },
    steps: [{ persistent: { a: { k: 'abc' } } }],
    differs: 'the reference forgets the wider of the two',
  },
  {
    says: 'the key of a hidden input may be empty',
    ruleset: hidden([''], abc),
    steps: [{ persistent: { a: { '': 'abc' } } }, { persistent: { a: { x: 'abc' } }, rules: ['r1'] }],
    differs: 'the reference takes such a filter, and hides nothing',
  },
)

describe('rule filters', () => runCases(filters, 14))
describe('input filters', () => runCases(inputFilters, 17))
describe('rule overrides', () => runCases(overrides, 10))

test('of nine overrides the first counts, load after load: the reference takes another one from load to load', () => {
  const rules_override = Array.from({ length: 9 }, (_, at) => byId({ on_match: [`act${at}`] }))
  const ruleset = { version: '2.2', rules: [rule([abc])], rules_override }
  const actions = new Set<string | undefined>()
  const inReference = new Set<string | undefined>()
  for (let load = 0; load < 60; load += 1) {
    actions.add(compileRuleset(ruleset).createContext().run(hit).events[0]?.rule.on_match[0])
    const reference = referenceWaf(ruleset)
    inReference.add(referenceRun(reference, hit.persistent).events?.[0]?.rule.on_match[0])
    reference.dispose()
  }
  expect([...actions]).toEqual(['act0'])
  expect(inReference.size).toBeGreaterThan(1)
})
