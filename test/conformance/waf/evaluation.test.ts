import { describe, expect, test } from 'vitest'
import { compileRuleset } from '../../../src/waf.ts'
import type { WafCase } from './case.ts'
import { on, rule } from './case.ts'
import { runCases } from './run-cases.ts'

const abc = on('match_regex', { regex: 'abc' })
const onB = on('match_regex', { regex: 'abc' }, { address: 'b' })
const blocking = {
  block_request: { status_code: 403, type: 'auto', grpc_status_code: 10, security_response_id: '<id>' },
}
const hit = { persistent: { a: 'abc' } }

const shell = (input: object): object => ({
  operator: 'shi_detector',
  parameters: { resource: [{ address: 'r' }], params: [{ address: 'a', ...input }] },
})

const modules: WafCase[] = [
  {
    says: 'modules are evaluated in their order, whatever the file’s',
    ruleset: {
      rules: ['waf', 'rasp', 'business-logic', 'configuration', 'custom-acl', 'authentication-acl', 'network-acl'].map(
        (module) => rule([abc], { id: module, type: module, module }),
      ),
    },
    steps: [
      {
        ...hit,
        rules: ['network-acl', 'authentication-acl', 'custom-acl', 'configuration', 'business-logic', 'rasp', 'waf'],
      },
    ],
  },
  {
    says: 'a rule of an unknown module belongs to waf',
    ruleset: { rules: [rule([abc], { id: 'z', type: 'z', module: 'zork' }), rule([abc], { id: 'r', module: 'rasp' })] },
    steps: [{ ...hit, rules: ['r', 'z'] }],
  },
  {
    says: 'a block ends its module and those after it; what was left over is evaluated with the next data',
    ruleset: {
      rules: [
        rule([abc], { id: 'b', module: 'rasp', on_match: ['block'] }),
        rule([abc], { id: 'm', module: 'rasp' }),
        rule([abc], { id: 'w', type: 'w' }),
      ],
    },
    steps: [
      { ...hit, rules: ['b'], actions: blocking },
      { ...hit, rules: ['m', 'w'], actions: {} },
    ],
  },
  {
    says: 'blocking rules of a module come first',
    ruleset: { rules: [rule([abc], { id: 'm', type: 'm' }), rule([abc], { id: 'b', type: 'b', on_match: ['block'] })] },
    steps: [{ ...hit, rules: ['b'] }],
  },
  ...(['waf', 'custom-acl', 'business-logic', 'configuration'] as const).map((module): WafCase => ({
    says: `in ${module} custom rules come before base rules`,
    ruleset: {
      rules: [rule([abc], { id: 'base', type: 'x', module })],
      custom_rules: [rule([abc], { id: 'custom', type: 'y', module })],
    },
    steps: [{ ...hit, rules: ['custom', 'base'] }],
  })),
  ...(['network-acl', 'authentication-acl', 'rasp'] as const).map((module): WafCase => ({
    says: `in ${module} base rules come before custom rules`,
    ruleset: {
      rules: [rule([abc], { id: 'base', type: 'x', module })],
      custom_rules: [rule([abc], { id: 'custom', type: 'y', module })],
    },
    steps: [{ ...hit, rules: ['base', 'custom'] }],
  })),
  {
    says: 'outside waf every rule that matches is reported, also of one type',
    ruleset: {
      rules: [rule([abc], { id: 'one', module: 'rasp' })],
      custom_rules: [rule([abc], { id: 'two', module: 'rasp' })],
    },
    steps: [{ ...hit, rules: ['one', 'two'] }],
  },
  {
    says: 'in waf a type is reported once',
    ruleset: { rules: [rule([abc])], custom_rules: [rule([abc], { id: 'c' })] },
    steps: [{ ...hit, rules: ['c'] }, { persistent: { a: 'abc' } }],
  },
  {
    says: 'in waf the first rule of a type in the file is the one reported',
    ruleset: { rules: Array.from({ length: 12 }, (_, index) => rule([abc], { id: `r${index}` })) },
    steps: [{ ...hit, rules: ['r0'] }],
    differs: 'the reference reports in the order of its hash map',
  },
  {
    says: 'outside waf rules are reported in the order of the file',
    ruleset: { rules: Array.from({ length: 5 }, (_, index) => rule([abc], { id: `r${index}`, module: 'rasp' })) },
    steps: [{ ...hit, rules: ['r0', 'r1', 'r2', 'r3', 'r4'] }],
    differs: 'the reference reports in the order of its hash map',
  },
  {
    says: 'a type that was monitored may still block',
    ruleset: { rules: [rule([abc], { id: 'm' }), rule([onB], { id: 'b', on_match: ['block'] })] },
    steps: [
      { ...hit, rules: ['m'] },
      { persistent: { b: 'abc' }, rules: ['b'] },
    ],
  },
  {
    says: 'a type that blocked is not monitored afterwards',
    ruleset: { rules: [rule([abc], { id: 'm' }), rule([onB], { id: 'b', on_match: ['block'] })] },
    steps: [{ persistent: { b: 'abc' }, rules: ['b'] }, { persistent: { a: 'abc' } }],
  },
]

const data: WafCase[] = [
  {
    says: 'a rule matches once in a context',
    ruleset: { rules: [rule([abc], { module: 'rasp' })] },
    steps: [{ ...hit, rules: ['r1'] }, { ...hit }],
  },
  {
    says: 'a condition that matched stays so when its address is given anew',
    ruleset: { rules: [rule([abc, on('match_regex', { regex: 'x' }, { address: 'b' })])] },
    steps: [{ ...hit }, { persistent: { a: 'zz' } }, { persistent: { b: 'x' }, rules: ['r1'] }],
  },
  {
    says: 'an ephemeral value does not replace a persistent one',
    ruleset: { rules: [rule([abc])] },
    steps: [
      { persistent: { a: 'zz' }, ephemeral: { a: 'abc' } },
      { ephemeral: { a: 'abc' } },
      { ...hit, rules: ['r1'] },
    ],
  },
  {
    says: 'a rule that matched on ephemeral data may match again',
    ruleset: { rules: [rule([abc], { module: 'rasp' })] },
    steps: [
      { ephemeral: { a: 'abc' }, rules: ['r1'] },
      { ephemeral: { a: 'abc' }, rules: ['r1'] },
      { ...hit, rules: ['r1'] },
      { ephemeral: { a: 'abc' } },
    ],
  },
  {
    says: 'a type reported on ephemeral data may be reported again, on persistent data not',
    ruleset: { rules: [rule([abc], { id: 'one' }), rule([onB], { id: 'two' })] },
    steps: [
      { ephemeral: { a: 'abc' }, rules: ['one'] },
      { ephemeral: { a: 'abc' }, rules: ['one'] },
      { persistent: { b: 'abc' }, rules: ['two'] },
      { ephemeral: { a: 'abc' } },
    ],
  },
  {
    says: 'what a block left over is evaluated when an address comes that only a filter reads',
    ruleset: {
      rules: [rule([abc], { id: 'b', module: 'rasp', on_match: ['block'] }), rule([abc], { id: 'm' })],
      exclusions: [{ id: 'x', conditions: [onB] }],
    },
    steps: [
      { ...hit, rules: ['b'] },
      { persistent: { b: 'zz' }, rules: ['m'] },
    ],
    differs: 'the reference evaluates rules when an address comes that a rule reads',
  },
  {
    says: 'what a block left over is reported as it was, also when its address is given again',
    ruleset: {
      rules: [rule([abc], { id: 'b', module: 'rasp', on_match: ['block'] }), rule([abc], { id: 'm' })],
    },
    steps: [
      { persistent: { a: 'abc 1' }, rules: ['b'] },
      {
        persistent: { a: 'abc 2' },
        rules: ['m'],
        matches: [{ address: 'a', key_path: [], value: 'abc 1', highlight: ['abc'] }],
      },
    ],
    differs: 'the reference looks at the latest value only',
  },
  {
    says: 'addresses that no rule reads bring nothing about',
    ruleset: { rules: [rule([abc])] },
    steps: [{ persistent: { zzz: 'abc' } }],
  },
  {
    says: 'waf.context.event is there in the next run with new data',
    ruleset: {
      rules: [
        rule([abc], { id: 'first', type: 'first' }),
        rule([on('equals', { type: 'boolean', value: true }, { address: 'waf.context.event' })], {
          id: 'then',
          type: 'then',
        }),
      ],
    },
    steps: [{ ...hit, rules: ['first'] }, { persistent: { zzz: 1 } }, { persistent: { a: 'x' }, rules: ['then'] }],
  },
]

const inputs: WafCase[] = [
  {
    says: 'a key path leads to what stands there, exactly by case',
    ruleset: { rules: [rule([on('match_regex', { regex: 'abc' }, { key_path: ['K', 'l'] })])] },
    steps: [
      { persistent: { a: { k: { l: 'abc' } } } },
      {
        persistent: { a: { K: { l: { m: ['abc'] } } } },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: ['K', 'l', 'm', '0'], value: 'abc', highlight: ['abc'] }],
      },
    ],
  },
  {
    says: 'a key as text does not index a list',
    ruleset: { rules: [rule([on('match_regex', { regex: 'abc' }, { key_path: ['0'] })])] },
    steps: [{ persistent: { a: ['abc'] } }],
  },
  {
    says: 'an integer in a key path indexes a list, from the end when it is negative',
    ruleset: {
      rules: [
        rule([on('match_regex', { regex: 'abc' }, { key_path: ['k', 1] })], { id: 'one', type: 'one' }),
        rule([on('match_regex', { regex: 'abc' }, { key_path: ['k', -1] })], { id: 'last', type: 'last' }),
      ],
    },
    steps: [
      { persistent: { a: { k: ['x', 'abc', 'z'] } }, rules: ['one'] },
      { persistent: { a: { k: ['x', 'y', 'abc'] } }, rules: ['last'] },
    ],
    differs: 'the reference (1.30) cannot index lists; 2.x does',
  },
  {
    says: 'an input’s own transformers replace those of the rule',
    ruleset: {
      rules: [rule([on('exact_match', { list: ['ABC'] }, { transformers: [] })], { transformers: ['lowercase'] })],
    },
    steps: [{ persistent: { a: 'ABC' }, rules: ['r1'] }],
  },
  {
    says: 'the value reported is the transformed one',
    ruleset: {
      rules: [
        rule([on('match_regex', { regex: 'select' })], {
          transformers: ['urlDecodeUni', 'removeComments', 'lowercase'],
        }),
      ],
    },
    steps: [
      {
        persistent: { a: { q: 'SE%4cECT/**/1' } },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: ['q'], value: 'select1', highlight: ['select'] }],
      },
    ],
  },
  {
    says: 'of several inputs the first in the rule is reported',
    ruleset: {
      rules: [
        rule([{ operator: 'match_regex', parameters: { regex: 'abc', inputs: [{ address: 'b' }, { address: 'a' }] } }]),
      ],
    },
    steps: [
      {
        persistent: { a: 'abc1', b: 'abc2' },
        rules: ['r1'],
        matches: [{ address: 'b', key_path: [], value: 'abc2', highlight: ['abc'] }],
      },
    ],
  },
  {
    says: 'every condition shows its match, in order',
    ruleset: { rules: [rule([onB, abc])] },
    steps: [
      {
        persistent: { a: 'abc1', b: { k: 'abc2' } },
        rules: ['r1'],
        matches: [
          { address: 'b', key_path: ['k'], value: 'abc2', highlight: ['abc'] },
          { address: 'a', key_path: [], value: 'abc1', highlight: ['abc'] },
        ],
      },
    ],
  },
  ...(
    [
      ['nothing is below it', { a: [] }, []],
      ['it holds only a number', { a: 5 }, []],
      ['it is missing', { b: 'x' }, []],
      ['a value matches', { a: ['x', 'abc'] }, []],
      ['no value matches', { a: ['x', 5] }, ['r1']],
      ['the value itself does not match', { a: 'x' }, ['r1']],
    ] as const
  ).map(([when, persistent, rules]): WafCase => ({
    says: `!match_regex ${rules.length > 0 ? 'holds' : 'does not hold'} when ${when}`,
    ruleset: { rules: [rule([on('!match_regex', { regex: 'abc' })])] },
    steps: [{ persistent, rules }],
  })),
  ...(
    [
      ['exists', { a: { k: null } }, ['r1']],
      ['exists', { a: { k: { x: 1 } } }, ['r1']],
      ['exists', { a: {} }, []],
      ['!exists', { a: {} }, ['r1']],
      ['!exists', { a: 'scalar' }, ['r1']],
      ['!exists', { a: { k: null } }, []],
      ['!exists', { b: {} }, []],
    ] as const
  ).map(([operator, persistent, rules]): WafCase => ({
    says: `${operator} of a.k ${rules.length > 0 ? 'holds' : 'does not hold'} in ${JSON.stringify(persistent)}`,
    ruleset: { rules: [rule([on(operator, {}, { key_path: ['k'] })])] },
    steps: [{ persistent, rules }],
  })),
  {
    says: 'numbers and booleans reach operators of text',
    ruleset: { rules: [rule([on('match_regex', { regex: '^(?:42|true)$' })], { module: 'rasp' })] },
    steps: [{ persistent: { a: { n: 42 } }, rules: ['r1'] }],
    differs: 'the reference gives them to no operator of text',
  },
  {
    says: 'whole numbers are integers to equals',
    ruleset: { rules: [rule([on('equals', { type: 'unsigned', value: 42 })])] },
    steps: [
      { persistent: { a: 42 }, rules: ['r1'], matches: [{ address: 'a', key_path: [], value: '42', highlight: [''] }] },
    ],
    differs: 'the binding of the reference makes every number a float',
  },
]

inputs.push(
  ...(
    [
      ['a transformed text, as it was given', 'YWJj', ['base64_decode'], 'YWJj'],
      ['the only item of a list', ['x'], [], 'x'],
      ['nothing of a list of two', ['x', 'y'], [], ''],
      ['nothing of a list that holds a list', ['x', []], [], ''],
      ['nothing of a map', { k: 'x' }, [], ''],
      ['nothing of an empty text', '', [], ''],
    ] as const
  ).map(([what, a, transformers, value]): WafCase => ({
    says: `a negation shows ${what}`,
    ruleset: { rules: [rule([on('!match_regex', { regex: 'zz' }, { transformers })])] },
    steps: [
      {
        persistent: { a },
        rules: ['r1'],
        matches: [{ address: 'a', key_path: [], value, highlight: value === '' ? [] : [value] }],
      },
    ],
  })),
  ...(
    [
      ['of the keys of a map', { k: { l: 'x' } }, ['r1']],
      ['of the keys below a list: nothing', [{ k: 'x' }], []],
      ['of a text, which has no keys: nothing', 'x', []],
    ] as const
  ).map(([what, a, rules]): WafCase => ({
    says: `a negation says ${what}`,
    ruleset: { rules: [rule([on('!match_regex', { regex: 'zz' }, { transformers: ['keys_only'] })])] },
    steps: [{ persistent: { a }, rules }],
  })),
  ...(['!exact_match', '!ip_match', 'exact_match', 'ip_match'] as const).map((operator): WafCase => ({
    says: `${operator} on a list that nothing gives says nothing`,
    ruleset: { rules: [rule([on(operator, { data: 'nowhere' })])] },
    steps: [{ persistent: { a: '10.0.0.1' } }],
  })),
  ...(['!exact_match', '!ip_match', '!phrase_match'] as const).map((operator): WafCase => ({
    says: `${operator} on an empty list holds`,
    ruleset: { rules: [rule([on(operator, { list: [] })])] },
    steps: [{ persistent: { a: 'x' }, rules: ['r1'] }],
  })),
  {
    says: 'keys_only of one input is not that of the next',
    ruleset: {
      rules: [
        rule([
          {
            operator: 'match_regex',
            parameters: { regex: 'abc', inputs: [{ address: 'b', transformers: ['keys_only'] }, { address: 'a' }] },
          },
        ]),
      ],
    },
    steps: [{ persistent: { a: 'abc' }, rules: ['r1'] }],
    differs: 'the reference goes on with the keys in inputs that name no transformers',
  },
  ...(
    [
      [{ abc: ['abc'] }, ['abc'], 'abc'],
      [{ x: ['ab'], abc: 'q' }, ['x', '0'], 'ab'],
      [[{ x: { abc: 'z' } }, 'ab'], ['0', 'x', 'abc'], 'abc'],
    ] as const
  ).map(([a, key_path, value]): WafCase => ({
    says: `of the keys and values of ${JSON.stringify(a)} an exploit operator reports the first that matches`,
    ruleset: { rules: [rule([shell({})])] },
    steps: [
      {
        persistent: { r: 'abc', a },
        rules: ['r1'],
        matches: [
          {
            resource: { address: 'r', key_path: [], value: 'abc' },
            params: { address: 'a', key_path, value },
            highlight: [value],
          },
        ],
      },
    ],
  })),
  ...[{ transformers: ['base64_decode'] }, {}].map((input): WafCase => ({
    says: `exploit operators look for parameters as they were given, whatever the transformers of the rule and of ${JSON.stringify(input)}`,
    ruleset: { rules: [rule([shell(input)], { transformers: ['url_querystring'] })] },
    steps: [{ persistent: { r: 'ls; CAT x', a: '; CAT' }, rules: ['r1'] }],
  })),
  {
    says: 'parameters of exploit operators are taken at their key path',
    ruleset: {
      rules: [
        rule([
          {
            operator: 'lfi_detector@v2',
            parameters: { resource: [{ address: 'r' }], params: [{ address: 'a', key_path: ['k'] }] },
          },
        ]),
      ],
    },
    steps: [{ persistent: { r: '/etc/passwd', a: { other: '/etc/passwd' } } }],
    differs: 'the reference looks at all of the address',
  },
)

const attributes: WafCase[] = [
  ...(
    [
      ['a text', 'x', 'x'],
      ['an empty text', '', ''],
      ['a number', 5, 5],
      ['a fraction', 1.5, 1.5],
      ['a boolean', true, true],
      ['the first item of a list', ['x', 'y'], 'x'],
      ['nothing of a list that begins with a list', [['x'], 'y'], undefined],
      ['nothing of a list that begins with null', [null, 'y'], undefined],
      ['nothing of a map', { x: 1 }, undefined],
      ['nothing of null', null, undefined],
    ] as const
  ).map(([what, given, value]): WafCase => ({
    says: `an attribute takes ${what}`,
    ruleset: { rules: [rule([abc], { output: { event: false, keep: false, attributes: { x: { address: 'b' } } } })] },
    steps: [{ persistent: { a: 'abc', b: given }, attributes: value === undefined ? {} : { x: value }, keep: false }],
  })),
  {
    says: 'attributes may be written in the rule, of any scalar type, with or without an event',
    ruleset: {
      rules: [
        rule([abc], {
          output: { event: true, keep: false, attributes: { s: { value: 's' }, n: { value: 2 }, b: { value: false } } },
        }),
      ],
    },
    steps: [{ ...hit, rules: ['r1'], attributes: { s: 's', n: 2, b: false }, keep: false }],
  },
  {
    says: 'an attribute waits for its address, once, and is set once in a context',
    ruleset: {
      rules: [
        rule([abc, onB], {
          output: { event: false, keep: true, attributes: { x: { address: 'c' }, y: { address: 'b' } } },
        }),
      ],
    },
    steps: [
      { persistent: { a: 'abc', b: 'abc' }, attributes: { y: 'abc' }, keep: true },
      { persistent: { c: 'late' }, attributes: { x: 'late' } },
      { persistent: { c: 'later' }, attributes: {} },
    ],
  },
  {
    says: 'the first rule to write an attribute has it',
    ruleset: {
      rules: ['one', 'two'].map((id) =>
        rule([abc], { id, type: id, output: { event: false, attributes: { x: { value: id } } } }),
      ),
    },
    steps: [{ ...hit, attributes: { x: 'one' } }],
  },
  {
    says: 'an attribute is transformed',
    ruleset: {
      rules: [
        rule([abc], {
          output: { event: false, attributes: { x: { address: 'b', key_path: ['k'], transformers: ['lowercase'] } } },
        }),
      ],
    },
    steps: [{ persistent: { a: 'abc', b: { k: 'ALICE' } }, attributes: { x: 'alice' } }],
    differs: 'the reference ignores transformers of attributes without a word',
  },
  {
    says: 'an attribute with a key path waits for its address too',
    ruleset: {
      rules: [rule([abc], { output: { event: false, attributes: { x: { address: 'b', key_path: ['k'] } } } })],
    },
    steps: [{ ...hit }, { persistent: { b: { k: 'late' } }, attributes: { x: 'late' } }],
    differs: 'the reference forgets a waiting attribute that has a key path',
  },
]

data.push({
  says: 'a rule that makes no event blocks each time that ephemeral data match',
  ruleset: {
    rules: [
      rule([abc], { module: 'rasp', on_match: ['block'], output: { event: false, attributes: { x: { value: 1 } } } }),
    ],
  },
  steps: [
    { ephemeral: { a: 'abc' }, attributes: { x: 1 }, actions: blocking, keep: true },
    { ephemeral: { a: 'abc' }, attributes: {}, actions: blocking, keep: true },
  ],
  differs: 'the reference lets the second through, as its attribute was set',
})

test('lists of addresses and users are asked even when time is up, unless it was before the exclusions were', () => {
  const rules = ['network-acl', 'authentication-acl', 'custom-acl', 'waf'].map((module) =>
    rule([abc], { id: module, type: module, module }),
  )
  let now = 0
  const clock = { nowMs: () => 0, monotonicNs: () => (now += 1e6) }
  const late = (ruleset: object): string[] =>
    compileRuleset({ version: '2.2', ...ruleset }, { clock })
      .createContext()
      .run(hit, { budgetUs: 1 })
      .events.map((event) => event.rule.id)
  expect(late({ rules })).toEqual(['network-acl', 'authentication-acl'])
  expect(late({ rules, exclusions: [{ id: 'x', conditions: [onB] }] })).toEqual([])
})

describe('the order of modules and rules', () => runCases(modules, 17))
describe('persistent and ephemeral data', () => runCases(data, 10))
describe('inputs, key paths and negation', () => runCases(inputs, 45))
describe('attributes', () => runCases(attributes, 15))
