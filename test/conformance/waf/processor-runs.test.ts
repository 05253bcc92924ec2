import type { Step, WafCase } from './case.ts'
import { on, rule } from './case.ts'
import { runCases } from './run-cases.ts'

const mapping = { method: [{ address: 'm' }], uri_raw: [{ address: 'u' }], query: [{ address: 'q' }] }
const endpoint = {
  id: 'p',
  generator: 'http_endpoint_fingerprint',
  parameters: { mappings: [{ ...mapping, body: [{ address: 'b' }], output: 'made' }] },
  evaluate: false,
  output: true,
}
// The reference evaluates nothing unless a rule reads what comes.
const reading = rule([on('exact_match', { list: ['never given'] })], { id: 'reading' })
const line = { m: 'GET', u: '/x' }
const made = (made: string): Step['attributes'] & object => ({ made })

const networkMappings = Array.from({ length: 70 }, (_, index) => ({
  headers: [{ address: `headers ${index}` }],
  output: `network ${index}`,
}))
const networkGiven = Object.fromEntries(networkMappings.map((_, index) => [`headers ${index}`, { a: 'b' }]))
const networkMade = Object.fromEntries(networkMappings.map(({ output }) => [output, 'net-0-0000000000']))

const runs: readonly WafCase[] = [
  ...[true, false].map((inOne) => ({
    says: `seventy mappings ${inOne ? 'of one processor' : 'of as many processors'} all run`,
    ruleset: {
      rules: [reading],
      processors: (inOne ? [networkMappings] : networkMappings.map((one) => [one])).map((mappings, index) => ({
        id: `network ${index}`,
        generator: 'http_network_fingerprint',
        parameters: { mappings },
        evaluate: false,
        output: true,
      })),
    },
    steps: [{ persistent: networkGiven, attributes: networkMade }],
  })),
  {
    says: 'a fingerprint is made anew when more has come',
    ruleset: { rules: [reading], processors: [endpoint] },
    steps: [
      { persistent: line, attributes: made('http-get-b3d1db31--') },
      { persistent: { b: { x: 1 } }, attributes: made('http-get-b3d1db31--2d711642') },
      { persistent: { b: { y: 1 } }, attributes: {} },
    ],
  },
  {
    says: 'of each input what came first counts, also when the fingerprint is made anew',
    ruleset: { rules: [reading], processors: [endpoint] },
    steps: [
      { persistent: { ...line, b: { x: 1 } }, attributes: made('http-get-b3d1db31--2d711642') },
      { persistent: { b: { y: 1 } }, attributes: {} },
      { persistent: { q: { x: 1 } }, attributes: made('http-get-b3d1db31-2d711642-2d711642') },
    ],
  },
  {
    says: 'what was made of ephemeral data is forgotten with them, and made of the persistent data that follow',
    ruleset: { rules: [reading], processors: [endpoint] },
    steps: [
      { ephemeral: line, attributes: made('http-get-b3d1db31--') },
      { persistent: { m: 'POST', u: '/y' }, attributes: made('http-post-3c46b538--') },
    ],
    differs: 'the reference looks at an address once in a context, and keeps what it made of ephemeral data',
  },
  {
    says: 'an input that was ephemeral counts again when it comes to stay',
    ruleset: { rules: [reading], processors: [endpoint] },
    steps: [
      { persistent: line, ephemeral: { b: { e: 1 } }, attributes: made('http-get-b3d1db31--3f79bb7b') },
      { persistent: { b: { p: 1 } }, attributes: made('http-get-b3d1db31--148de9c5') },
    ],
    differs: 'the reference looks at an address once in a context, and keeps what it made of ephemeral data',
  },
]

const lists = [
  { id: 'texts', type: 'data_with_expiration', data: [{ value: 'abc' }] },
  { id: 'addresses', type: 'ip_with_expiration', data: [{ value: '10.0.0.0/8' }] },
]
const asked: readonly WafCase[] = (
  [
    ['exact_match', 'texts', 'abc', 'x'],
    ['!exact_match', 'texts', 'x', 'abc'],
    ['ip_match', 'addresses', '10.1.1.1', '192.0.2.1'],
    ['!ip_match', 'addresses', '192.0.2.1', '10.1.1.1'],
  ] as const
).flatMap(([operator, data, holds, fails]) => {
  const ruleset = {
    rules: [reading],
    rules_data: lists,
    processors: [{ ...endpoint, conditions: [on(operator, { data })] }],
  }
  return [
    {
      says: `a processor whose ${operator} asks a list runs when it holds`,
      ruleset,
      steps: [{ persistent: { ...line, a: holds }, attributes: made('http-get-b3d1db31--') }],
      differs: 'the reference gives conditions of processors no lists',
    },
    {
      says: `a processor whose ${operator} asks a list does not run when it fails`,
      ruleset,
      steps: [{ persistent: { ...line, a: fails }, attributes: {} }],
    },
  ]
})

const schemas: readonly WafCase[] = [
  {
    says: 'a schema is that of what stands at the key path',
    ruleset: {
      rules: [reading],
      processors: [
        {
          id: 'p',
          generator: 'extract_schema',
          parameters: { mappings: [{ inputs: [{ address: 'b', key_path: ['k'] }], output: 'made' }] },
          evaluate: false,
          output: true,
        },
      ],
    },
    steps: [{ persistent: { b: { k: ['x'], l: true } }, attributes: { made: [[[8]], { len: 1 }] } }],
    differs: 'the reference gives the schema of the whole address',
  },
]

const excluded: readonly WafCase[] = (
  [
    ['s1', 's2'],
    ['s2', 's1'],
  ] as const
).map(([one, other]) => ({
  says: `what one override of a processor excludes, another does not bring back: ${one}`,
  ruleset: {
    rules: [reading],
    processors: [
      {
        id: 'p',
        generator: 'extract_schema',
        parameters: { mappings: [{ inputs: [{ address: 'b' }], output: 'made' }], scanners: [{ id: 's1' }] },
        evaluate: false,
        output: true,
      },
    ],
    scanners: ['s1', 's2'].map((id) => ({
      id,
      tags: { found: id },
      value: { operator: 'match_regex', parameters: { regex: 'x' } },
    })),
    processor_overrides: [
      { target: [{ id: 'p' }], scanners: { include: [], exclude: [{ id: one }] } },
      { target: [{ id: 'p' }], scanners: { include: [{ id: one }], exclude: [{ id: other }] } },
    ],
  },
  steps: [{ persistent: { b: 'x' }, attributes: { made: [8] } }],
}))

runCases([...runs, ...asked, ...schemas, ...excluded], 14)
