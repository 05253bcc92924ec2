import * as fc from 'fast-check'
import type { Field, Glob, Leaf, Query, Test } from '../../src/query/query.ts'
import { parse } from '../../src/query/query.ts'

/** Text that likes to be special in a query. */
const awkward = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      'a',
      'B',
      '1',
      '.',
      '-',
      ' ',
      '"',
      '\\',
      '*',
      '?',
      ':',
      '(',
      ')',
      '[',
      '}',
      '<',
      '>',
      '@',
      '=',
      '/',
      'é',
      '😀',
      '\n',
      '\0',
    ),
  }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'AND',
    'OR',
    'NOT',
    'TO',
    '10.0.0.0/8',
    '2001:db8::1',
    '5',
    '-5',
    '20ms',
    '__proto__',
    'constructor',
    '*',
    '',
  ),
)
const nonEmpty = awkward.filter((text) => text !== '')

const wildcard = fc.constantFrom({ wildcard: '*' } as const, { wildcard: '?' } as const)
/** With at least one wildcard, and in normal form; not only `*`, which means existence or every record. */
const wildGlob: fc.Arbitrary<Glob> = fc
  .array(fc.oneof(nonEmpty, wildcard), { minLength: 1, maxLength: 6 })
  .map((parts) =>
    parts.filter((part, at) => {
      const before = parts[at - 1]
      if (typeof part === 'string') return typeof before !== 'string'
      return !(part.wildcard === '*' && typeof before === 'object' && before.wildcard === '*')
    }),
  )
  .filter(
    (glob) =>
      glob.some((part) => typeof part === 'object') &&
      glob.some((part) => part !== glob[0] || typeof part === 'string' || part.wildcard === '?'),
  )

const operandText = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .tuple(fc.nat(999), fc.constantFrom('ns', 'us', 'µs', 'ms', 's', 'm', 'h', 'd'))
    .map(([number, unit]) => `${number}${unit}`),
)

/** Generated as text of one field and read by the parser, since only the parser knows what a value becomes there. */
function leafOf(query: string): Leaf {
  const parsed = parse(query)
  if (parsed.kind !== 'field' || parsed.test.kind === 'all' || parsed.test.kind === 'any' || parsed.test.kind === 'not')
    throw new Error(query)
  return withoutPositions(parsed.test) as Leaf
}

function leaf(name: string, ignoreCase: boolean): fc.Arbitrary<Leaf> {
  const text = name === '@http.client_ip' ? awkward.filter((value) => !/^[0-9a-f.:/]+$/i.test(value)) : awkward
  return fc.oneof(
    fc.constant({ kind: 'exists' } as const),
    text.map((value) => ({ kind: 'is', text: value, ignoreCase }) as const),
    wildGlob.map((glob) => ({ kind: 'like', glob }) as const),
    ...(name.startsWith('@')
      ? [
          fc
            .tuple(fc.constantFrom('>', '>=', '<', '<='), operandText)
            .map(([operator, value]) => leafOf(`${name}:${operator}${value}`)),
          fc
            .tuple(fc.constantFrom('[', '{'), operandText, operandText, fc.constantFrom(']', '}'))
            .map(([open, low, high, close]) => leafOf(`${name}:${open}${low} TO ${high}${close}`)),
          fc.tuple(fc.constantFrom('[', '{'), operandText).map(([open, low]) => leafOf(`${name}:${open}${low} TO *]`)),
          operandText.map((high) => leafOf(`${name}:[* TO ${high}}`)),
        ]
      : []),
    ...(name === '@http.client_ip'
      ? [
          fc
            .oneof(
              fc.ipV4(),
              fc.ipV6(),
              fc.tuple(fc.ipV4(), fc.nat(32)).map(([ip, bits]) => `${ip}/${bits}`),
            )
            .map((value) => leafOf(`${name}:"${value}"`)),
        ]
      : []),
  )
}

const numericLeaf = (name: 'duration' | 'timestamp') =>
  fc.oneof(
    fc.constant({ kind: 'exists' } as const),
    fc.nat(1e6).map((value) => leafOf(`${name}:${value}`)),
    fc
      .tuple(fc.constantFrom('>', '>=', '<', '<='), fc.nat(1e6))
      .map(([operator, value]) => leafOf(`${name}:${operator}${value}`)),
  )
const idLeaf = (name: 'trace_id' | 'span_id') =>
  fc.oneof(
    fc.constant({ kind: 'exists' } as const),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => leafOf(`${name}:${value}`)),
    fc
      .bigInt({ min: 0n, max: 2n ** 64n - 1n })
      .map((value) => leafOf(`${name}:${value.toString(16).padStart(16, '0')}`)),
  )

function testsOf(leaves: fc.Arbitrary<Leaf>): fc.Arbitrary<Test> {
  return fc.letrec<{ test: Test }>((tie) => ({
    test: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaves,
      tie('test').map((test) => ({ kind: 'not', test }) as const),
      fc.array(tie('test'), { minLength: 2, maxLength: 4 }).map((tests) => ({ kind: 'any', tests }) as const),
      fc.array(tie('test'), { minLength: 2, maxLength: 4 }).map((tests) => ({ kind: 'all', tests }) as const),
    ),
  })).test
}

const condition = (field: Field, test: fc.Arbitrary<Test>) =>
  test.map((made) => ({ kind: 'field', field, test: made }) as const)

export interface QueryVocabulary {
  /** Attribute names, without `@`. */
  readonly attributes: fc.Arbitrary<string>
}

/** Random queries as the parser makes them, without positions. */
export function queries({ attributes }: QueryVocabulary = { attributes: nonEmpty }): fc.Arbitrary<Query> {
  const reserved = fc
    .constantFrom('service', 'env', 'version', 'status', 'resource_name', 'operation_name', 'type')
    .chain((name) => condition({ kind: 'reserved', name } as const, testsOf(leaf(name, true))))
  const attribute = attributes.chain((name) =>
    condition(
      { kind: 'attribute', name },
      testsOf(leaf(name === 'http.client_ip' ? '@http.client_ip' : '@x', name.startsWith('appsec.'))),
    ),
  )
  const numeric = fc
    .constantFrom('duration', 'timestamp')
    .chain((name) => condition({ kind: 'reserved', name } as const, testsOf(numericLeaf(name))))
  const id = fc
    .constantFrom('trace_id', 'span_id')
    .chain((name) => condition({ kind: 'reserved', name } as const, testsOf(idLeaf(name))))
  const text = fc
    .oneof(
      nonEmpty.map((value) => [value]),
      wildGlob,
    )
    .map((glob) => ({ kind: 'text', glob }) as const)
  return fc.letrec<{ query: Query }>((tie) => ({
    query: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.oneof(text, reserved, attribute, attribute, numeric, id, fc.constant({ kind: 'all' } as const)),
      tie('query').map((item) => ({ kind: 'not', item }) as const),
      fc.array(tie('query'), { minLength: 2, maxLength: 4 }).map((items) => ({ kind: 'and', items }) as const),
      fc.array(tie('query'), { minLength: 2, maxLength: 4 }).map((items) => ({ kind: 'or', items }) as const),
    ),
  })).query
}

/** A copy without the positions of nodes. */
export function withoutPositions(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutPositions)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => (key === 'at' ? [] : [[key, withoutPositions(value)]])),
  )
}
