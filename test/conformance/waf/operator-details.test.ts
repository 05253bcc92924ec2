import { describe } from 'vitest'
import { on, rule } from './case.ts'
import type { Step, WafCase } from './case.ts'
import { runCases } from './run-cases.ts'

/** One condition on the address `a`, and for each value whether it holds. */
function holds(
  operator: string,
  parameters: object,
  values: readonly (readonly [value: unknown, holds: boolean])[],
  more: { readonly differs?: string; readonly ruleset?: object } = {},
): WafCase[] {
  return values.map(([value, is]) => {
    const step: Step = { persistent: { a: value }, rules: is ? ['r1'] : [] }
    const ruleset = { rules: [rule([on(operator, parameters)])], ...more.ruleset }
    const says = `${operator} ${JSON.stringify(parameters)}: ${JSON.stringify(value)}${is ? '' : ' not'}`
    return { says, ruleset, steps: [step], ...(more.differs === undefined ? {} : { differs: more.differs }) }
  })
}

const addresses = { list: ['10.1.2.3/8', '::ffff:192.0.2.1', '2001:db8::/32'] }

describe('details of operators', () =>
  runCases(
    [
      ...holds('match_regex', { regex: 'a.c' }, [
        ['a\nc', false],
        ['a\rc', true],
      ]),
      ...holds('match_regex', { regex: '^b$' }, [
        ['a\nb', false],
        ['b\n', false],
        ['b', true],
      ]),
      ...holds('match_regex', { regex: '^\\w$' }, [
        ['é', false],
        ['_', true],
      ]),
      ...holds('match_regex', { regex: '^k$' }, [
        ['\u212a', true],
        ['K', true],
      ]),
      ...holds('match_regex', { regex: '^k$', options: { case_sensitive: true } }, [
        ['\u212a', false],
        ['K', false],
        ['k', true],
      ]),
      ...holds('match_regex', { regex: '.', options: { min_length: 4 } }, [
        ['éé', true],
        ['ééé'.slice(2), false],
        ['abc', false],
        ['abcd', true],
      ]),
      ...holds('equals', { type: 'string', value: 'a' }, [
        ['a', true],
        ['A', false],
      ]),
      ...holds('equals', { type: 'string', value: '42' }, [[42.5, false]]),
      ...holds('equals', { type: 'string', value: '42.5' }, [
        ['42.5', true],
        [42.5, false],
      ]),
      ...holds('equals', { type: 'string', value: 'true' }, [[true, false]]),
      ...holds('equals', { type: 'boolean', value: true }, [
        [true, true],
        [false, false],
        ['true', false],
      ]),
      ...holds('equals', { type: 'float', value: 5.1 }, [
        [5.105, true],
        [5.12, false],
        ['5.1', false],
      ]),
      ...holds('equals', { type: 'float', value: 5.1, delta: 0.5 }, [
        [5.5, true],
        [5.7, false],
      ]),
      ...holds('ip_match', addresses, [
        ['10.255.0.1', true],
        ['192.0.2.1', true],
        ['::ffff:10.0.0.1', true],
        ['2001:db8:ffff::1', true],
        ['10.0.0.1:80', false],
        ['[2001:db8::1]', false],
        ['2001:db8::1%eth0', false],
        [' 10.0.0.1', false],
        ['10.0.0.01', false],
        ['0x0a000001', false],
        ['11.0.0.1', false],
      ]),
      ...holds('!ip_match', addresses, [
        ['11.0.0.1', true],
        [['11.0.0.1', '10.0.0.1'], false],
        [{}, false],
      ]),
      ...holds('!exact_match', { list: ['x'] }, [
        ['y', true],
        ['x', false],
        [['y', 'x'], false],
        [7, false],
      ]),
      ...holds('!phrase_match', { list: ['ab'] }, [
        ['xyz', true],
        ['xaby', false],
      ]),
      ...holds('!equals', { type: 'string', value: 'a' }, [
        ['b', true],
        ['a', false],
        [true, false],
      ]),
      ...holds('!match_regex_with_checksum', { regex: '\\d{16}', checksum: 'luhn' }, [
        ['4111111111111112', true],
        ['4111111111111111', false],
      ]),
      ...(
        [
          ['^0\\.0001$', 0.0001],
          ['^1e-7$', 1e-7],
          ['^1e\\+21$', 1e21],
          ['^0$', -0],
          ['^NaN$', NaN],
        ] as const
      ).flatMap(([regex, number]) =>
        holds('match_regex', { regex }, [[number, true]], {
          differs: 'numbers are written as JavaScript writes them; the reference gives them to no operator of text',
        }),
      ),
    ],
    58,
  ))

const denied = on('exact_match', { data: 'denied' })

describe('details of lists and filters', () =>
  runCases(
    [
      {
        says: 'a rule whose list is missing never matches',
        ruleset: { rules: [rule([denied])] },
        steps: [{ persistent: { a: 'x' } }],
      },
      ...(
        [
          ['exact_match', 'ip_with_expiration'],
          ['ip_match', 'data_with_expiration'],
        ] as const
      ).map(([operator, type]): WafCase => ({
        says: `${operator} finds nothing in a list of type ${type}`,
        ruleset: {
          rules: [rule([on(operator, { data: 'denied' })])],
          rules_data: [{ id: 'denied', type, data: [{ value: '192.0.2.1' }] }],
        },
        steps: [{ persistent: { a: '192.0.2.1' } }],
        differs: 'the reference reads a list as the operator wants it, whatever its type',
      })),
      {
        says: 'of two entries the longer one counts',
        ruleset: {
          rules: [rule([denied])],
          rules_data: [
            {
              id: 'denied',
              type: 'data_with_expiration',
              data: [
                { value: 'x', expiration: 1 },
                { value: 'x', expiration: 0 },
                { value: 'y', expiration: 1 },
              ],
            },
          ],
        },
        steps: [{ persistent: { a: 'y' } }, { persistent: { a: 'x' }, rules: ['r1'] }],
      },
      {
        says: 'a narrow network that has ended does not hide a wide one that goes on',
        ruleset: {
          rules: [rule([on('ip_match', { data: 'ips' })])],
          rules_data: [
            {
              id: 'ips',
              type: 'ip_with_expiration',
              data: [{ value: '10.0.0.0/8' }, { value: '10.1.0.0/16', expiration: 1 }],
            },
          ],
        },
        steps: [{ persistent: { a: '10.1.2.3' }, rules: ['r1'] }],
      },
      {
        says: 'a filter looks values up in exclusion_data; without targets it is for every rule',
        ruleset: {
          rules: [rule([on('match_regex', { regex: '.' }, { address: 'b' })])],
          exclusions: [{ id: 'f1', conditions: [denied] }],
          exclusion_data: [{ id: 'denied', type: 'data_with_expiration', data: [{ value: 'friend' }] }],
        },
        steps: [{ persistent: { a: 'friend', b: 'x' } }],
      },
      {
        says: 'values_only looks at values, as does a rule that says nothing',
        ruleset: { rules: [rule([on('match_regex', { regex: 'abc' })], { transformers: ['values_only'] })] },
        steps: [{ persistent: { a: { abc: 'x' } } }, { persistent: { a: { x: 'abc' } }, rules: ['r1'] }],
      },
      {
        says: 'an override of a processor gives its schemas a scanner',
        ruleset: {
          rules: [rule([on('match_regex', { regex: 'never' })])],
          processors: [
            {
              id: 'p1',
              generator: 'extract_schema',
              parameters: { mappings: [{ inputs: [{ address: 'a' }], output: 'schema' }], scanners: [] },
              evaluate: false,
              output: true,
            },
          ],
          scanners: [
            {
              id: 's1',
              tags: { category: 'pii' },
              key: { operator: 'match_regex', parameters: { regex: 'mail' } },
            },
          ],
          processor_overrides: [{ target: [{ id: 'p1' }], scanners: { include: [{ id: 's1' }], exclude: [] } }],
        },
        steps: [{ persistent: { a: { mail: 'x' } }, attributes: { schema: [{ mail: [8, { category: 'pii' }] }] } }],
      },
    ],
    8,
  ))
