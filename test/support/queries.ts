import * as fc from 'fast-check'
import { parseNetwork } from '../../src/model/ip-address.ts'
import type { SpanRecord } from '../../src/model/span-record.ts'
import { type Field, type Glob, type Leaf, type Query, type Test, parse } from '../../src/query/query.ts'

/** What random queries are made of. */
interface Vocabulary {
  /** Attribute names, without `@`. */
  readonly attributes: fc.Arbitrary<string>
  /** Values and words; the empty text is not used where a word is needed. */
  readonly texts: fc.Arbitrary<string>
}

const specials = [
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
]
/** Text that likes to be special in a query. */
const awkward = fc.oneof(
  fc.string({ unit: fc.constantFrom(...specials) }),
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

/** Random queries as the parser makes them, without positions. */
export function awkwardQueries(): fc.Arbitrary<Query> {
  return queries({ attributes: awkward.filter((text) => text !== ''), texts: awkward })
}

const sharedNames = fc.constantFrom(
  'http.client_ip', 'http.route', 'http.useragent', 'appsec.events_data.usr.login', 'appsec.security_activity', 'usr.id', 'http.status_code', 'odd "name"', '__proto__',
) // prettier-ignore
const sharedTexts = fc.constantFrom(
  'a', 'A', 'ab', 'a b', 'shop', 'Shop', 'login', 'POST /login', 'é', 'É', 'İ', 'ΑΣ', 'ας', '😀', '401', '4.01e2', '-5', 'true', '10.0.0.1', '10.9.9.9', '2001:db8::1', '::ffff:10.0.0.1', 'a*c', '', ' ', '\n', 'constructor', 'inKwell', '\u0130n\u212aWell', 'no 1.2.3', 'say "inkwell"',
) // prettier-ignore

/** Random queries that often hold for `records()`. */
export function queriesOnRecords(): fc.Arbitrary<Query> {
  return queries({ attributes: sharedNames, texts: sharedTexts })
}

/** Random records with the attribute names, and often the values, of `queriesOnRecords()`. */
export function records(): fc.Arbitrary<SpanRecord> {
  const text = fc.oneof({ weight: 4, arbitrary: sharedTexts }, fc.string({ unit: 'grapheme', maxLength: 6 }))
  const value = fc.oneof(
    { weight: 4, arbitrary: text },
    fc.array(text, { maxLength: 3 }),
    fc.oneof(fc.integer({ min: -10, max: 500 }), fc.constantFrom(0.5, 1e21, 1e-7)),
    fc.boolean(),
  )
  const id = (digits: number) =>
    fc.constantFrom('0', '1', 'ff', '123456789abcdef0').map((low) => low.padStart(digits, '0'))
  return fc.record({
    timestampMs: fc.nat(1e6),
    traceId: id(32),
    spanId: id(16),
    service: text,
    env: text,
    version: text,
    resource: text,
    operation: text,
    type: text,
    status: fc.constantFrom('ok', 'error'),
    durationMs: fc.oneof(fc.nat(1000), fc.constantFrom(0.25, 1.5)),
    attributes: fc
      .uniqueArray(fc.tuple(sharedNames, value), { selector: ([name]) => name })
      .map((entries) => Object.fromEntries(entries)),
  })
}

/** A copy without the positions of nodes. */
export function withoutPositions(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutPositions)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => (key === 'at' ? [] : [[key, withoutPositions(value)]])),
  )
}

function queries({ attributes, texts }: Vocabulary): fc.Arbitrary<Query> {
  const globs = wildGlobs(texts)
  const condition = (field: Field, test: fc.Arbitrary<Test>) =>
    test.map((made) => ({ kind: 'field', field, test: made }) as const)
  const reserved = fc
    .constantFrom('service', 'env', 'version', 'status', 'resource_name', 'operation_name', 'type')
    .chain((name) => condition({ kind: 'reserved', name }, testsOf(textLeaf(texts, globs, { ignoreCase: true }))))
  const attribute = attributes.chain((name) => {
    const ignoreCase = name.startsWith('appsec.')
    const text = name === 'http.client_ip' ? texts.filter((value) => parseNetwork(value) === undefined) : texts
    const leaves = fc.oneof(textLeaf(text, globs, { ignoreCase }), numberLeaf())
    return condition(
      { kind: 'attribute', name },
      testsOf(name === 'http.client_ip' ? fc.oneof(leaves, networkLeaf()) : leaves),
    )
  })
  const numeric = fc
    .constantFrom('duration', 'timestamp')
    .chain((name) => condition({ kind: 'reserved', name }, testsOf(reservedNumberLeaf(name))))
  const id = fc
    .constantFrom('trace_id', 'span_id')
    .chain((name) => condition({ kind: 'reserved', name }, testsOf(idLeaf(name))))
  const words = texts.filter((text) => text !== '').map((text): Glob => [text])
  const text = fc.oneof(words, globs).map((glob) => ({ kind: 'text', glob }) as const)
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

/** In normal form, with a wildcard, and more than one `*`, which would mean existence or every record. */
function wildGlobs(texts: fc.Arbitrary<string>): fc.Arbitrary<Glob> {
  const wildcard = fc.constantFrom({ wildcard: '*' } as const, { wildcard: '?' } as const)
  const literal = texts.filter((text) => text !== '')
  const isStar = (part: Glob[number] | undefined) => typeof part === 'object' && part.wildcard === '*'
  return fc
    .array(fc.oneof(literal, wildcard, wildcard), { minLength: 1, maxLength: 6 })
    .map((parts) =>
      parts.filter(
        (part, at) =>
          !(typeof part === 'string' ? typeof parts[at - 1] === 'string' : isStar(part) && isStar(parts[at - 1])),
      ),
    )
    .filter((glob) => glob.some((part) => typeof part === 'object') && !(glob.length === 1 && isStar(glob[0])))
}

function textLeaf(
  texts: fc.Arbitrary<string>,
  globs: fc.Arbitrary<Glob>,
  { ignoreCase }: { ignoreCase: boolean },
): fc.Arbitrary<Leaf> {
  return fc.oneof(
    { weight: 4, arbitrary: texts.map((text) => ({ kind: 'is', text, ignoreCase }) as const) },
    { weight: 3, arbitrary: globs.map((glob) => ({ kind: 'like', glob }) as const) },
    { weight: 1, arbitrary: fc.constant({ kind: 'exists' } as const) },
  )
}

const comparison = fc.constantFrom('>', '>=', '<', '<=')
const operand = fc.oneof(
  fc.integer({ min: -10, max: 500 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .tuple(fc.nat(999), fc.constantFrom('ns', 'us', 'µs', 'ms', 's', 'm', 'h', 'd'))
    .map(([number, unit]) => `${number}${unit}`),
)

function numberLeaf(): fc.Arbitrary<Leaf> {
  const open = fc.constantFrom('[', '{')
  const close = fc.constantFrom(']', '}')
  return fc.oneof(
    fc.tuple(comparison, operand).map(([operator, value]) => leafOf(`@x:${operator}${value}`)),
    fc
      .tuple(open, operand, operand, close)
      .map(([left, low, high, right]) => leafOf(`@x:${left}${low} TO ${high}${right}`)),
    fc.tuple(open, operand).map(([left, low]) => leafOf(`@x:${left}${low} TO *]`)),
    fc.tuple(operand, close).map(([high, right]) => leafOf(`@x:[* TO ${high}${right}`)),
  )
}

function networkLeaf(): fc.Arbitrary<Leaf> {
  const network = fc.oneof(
    fc.constantFrom('10.0.0.1', '10.0.0.0/8', '2001:db8::/32', '0.0.0.0/0', '::/0', '::ffff:10.0.0.0/104'),
    fc.ipV4(),
    fc.ipV6(),
    fc.tuple(fc.ipV4(), fc.nat(32)).map(([ip, bits]) => `${ip}/${bits}`),
    fc.tuple(fc.ipV6(), fc.nat(128)).map(([ip, bits]) => `${ip}/${bits}`),
  )
  return network.map((text) => leafOf(`@http.client_ip:"${text}"`))
}

function reservedNumberLeaf(name: string): fc.Arbitrary<Leaf> {
  return fc.oneof(
    fc.constant({ kind: 'exists' } as const),
    fc.nat(1e6).map((value) => leafOf(`${name}:${value}`)),
    fc.tuple(comparison, fc.nat(1e6)).map(([operator, value]) => leafOf(`${name}:${operator}${value}`)),
    fc.tuple(fc.nat(1e6), fc.nat(1e6)).map(([low, high]) => leafOf(`${name}:[${low} TO ${high}}`)),
  )
}

function idLeaf(name: string): fc.Arbitrary<Leaf> {
  const number = fc.oneof(
    fc.constantFrom(0n, 1n, 255n, 0x123456789abcdef0n),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  )
  return fc.oneof(
    fc.constant({ kind: 'exists' } as const),
    number.map((value) => leafOf(`${name}:${value}`)),
    number.map((value) => leafOf(`${name}:${value.toString(16).padStart(16, '0')}`)),
  )
}

/** Written and read, since the parser alone knows what operands, networks and ids become. */
function leafOf(text: string): Leaf {
  const query = parse(text)
  if (query.kind !== 'field') throw new Error(`${text} is no condition on a field`)
  return withoutPositions(query.test) as Leaf
}
