import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processors } from '../../../src/waf/processors.ts'
import type { Scanner } from '../../../src/waf/scanner.ts'
import { ReferenceEngine, referenceRun } from '../../support/reference-waf.ts'

type Inputs = Readonly<Record<string, unknown>>

interface Case {
  readonly generator: string
  readonly inputs: Inputs
  readonly gives: unknown
}

const scannerRules = [
  { id: 'both', key: 'mail', value: '@', tags: { type: 'email', category: 'pii' } },
  { id: 'key', key: '^key$', tags: { type: 'key', category: 'pii' } },
  { id: 'value', value: '^val$', tags: { type: 'value', category: 'pii' } },
] as const

const scanners: readonly Scanner[] = scannerRules.map((rule) => ({
  id: rule.id,
  tags: rule.tags,
  matches: (key, value) =>
    (!('key' in rule) || new RegExp(rule.key, 'i').test(key)) &&
    (!('value' in rule) || new RegExp(rule.value, 'i').test(value)),
}))

function ours(generator: string, inputs: Inputs): unknown {
  const processor = processors.get(generator)
  if (processor === undefined) throw new Error(`no processor ${generator}`)
  return processor.generate(
    processor.inputs.map(({ name }) => inputs[name]),
    scanners,
  )
}

/** The attribute that the reference makes of the inputs, each given as an address of its own name. */
function referenceOf(generator: string): (inputs: Inputs) => unknown {
  const processor = processors.get(generator)
  const mapping = Object.fromEntries((processor?.inputs ?? []).map(({ name }) => [name, [{ address: name }]]))
  const matcher = (regex: string) => ({ operator: 'match_regex', parameters: { regex } })
  const waf = new ReferenceEngine(
    {
      version: '2.2',
      processors: [
        {
          id: 'p',
          generator,
          parameters: { mappings: [{ ...mapping, output: 'made' }], scanners: [{ tags: { category: 'pii' } }] },
          evaluate: false,
          output: true,
        },
      ],
      scanners: scannerRules.map((rule) => ({
        id: rule.id,
        tags: rule.tags,
        ...('key' in rule ? { key: matcher(rule.key) } : {}),
        ...('value' in rule ? { value: matcher(rule.value) } : {}),
      })),
    },
    'rules',
  )
  return (inputs) => referenceRun(waf, inputs).attributes?.['made']
}

function cases(generator: string, pairs: readonly (readonly [inputs: Inputs, gives: unknown])[]): readonly Case[] {
  return pairs.map(([inputs, gives]) => ({ generator, inputs, gives }))
}

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}
const header = encode({ alg: 'HS256' })
const payload = encode({ sub: '1', admin: true, nested: [1, { a: null }], name: 'é' })
const decoded = {
  header: { alg: 'HS256' },
  payload: { sub: '1', admin: true, nested: [1, { a: null }], name: 'é' },
  signature: { available: true },
}
const noUri = { scheme: '', userinfo: '', host: '', port: 0, path: '', query: {}, fragment: '' }

const agreed: readonly Case[] = [
  ...cases('http_endpoint_fingerprint', [
    [{ method: 'POST', uri_raw: '/login', body: { username: 1, password: 2 } }, 'http-post-7e93fba0--f29f6224'],
    [{ method: 'POST', uri_raw: '/LOGIN?a=b#c', body: { password: 2, USERNAME: 1 } }, 'http-post-7e93fba0--f29f6224'],
    [
      { method: 'GET', uri_raw: '/a#b?c', query: { a: 1, B: 2, b: 3, 'A,': 4, é: 5, _: 6, '': 7 } },
      'http-get-6a50dc85-ec000eb8-',
    ],
    [{ method: 'GET', uri_raw: '/a', query: { '': 1 } }, 'http-get-6a50dc85-e3b0c442-'],
    [{ method: 'GET', uri_raw: '/a', query: {}, body: null }, 'http-get-6a50dc85--'],
    [{ method: 'GET', uri_raw: '/a', query: 'text', body: ['a'] }, 'http-get-6a50dc85--'],
    [{ method: '', uri_raw: '' }, 'http----'],
    [{ method: 'POST' }, undefined],
    [{ method: 5, uri_raw: '/a' }, undefined],
  ]),
  ...cases('http_header_fingerprint', [
    [
      {
        headers: {
          'user-agent': 'test-user-agent',
          host: 'a',
          traceparent: 'x',
          tracestate: 'y',
          connection: 'z',
          'accept-encoding': '1',
          accept: '*',
        },
      },
      'hdr-0110000010-74c2908f-3-98425651',
    ],
    [{ headers: {} }, 'hdr-0000000000--0-'],
    [{ headers: { 'User-Agent': 'X', Accept_Language: 'de' } }, 'hdr-0000000001-2d711642-0-'],
    [{ headers: { 'user-agent': ['X'] } }, 'hdr-0000000000-2d711642-0-'],
    [{ headers: { 'user-agent': ['a', 'b'], referer: null } }, 'hdr-1000000000--0-'],
    [
      { headers: { 'x-datadog-a': 1, 'X-Datadog': 1, 'x-real-ip': '1', 'cf-connecting-ipv6': '1' } },
      'hdr-0000000000--0-',
    ],
    [{ headers: { b_x: 1, 'B-a': 2, 'b-x': 3, '': 4, 'a,b': 5 } }, 'hdr-0000000000--5-9ad96cc8'],
    [{ headers: 'text' }, undefined],
  ]),
  ...cases('http_network_fingerprint', [
    [{ headers: {} }, 'net-0-0000000000'],
    [{ headers: { 'x-forwarded-for': '1,2,3', 'cf-connecting-ipv6': 'a' } }, 'net-3-1000000001'],
    [{ headers: { 'x-real-ip': '1,2', 'x-forwarded-for': '1' } }, 'net-1-1100000000'],
    [{ headers: { 'x-forwarded-for': '', 'x-real-ip': '1,2' } }, 'net-2-1100000000'],
    [{ headers: { 'X_Forwarded-For': '1,2' } }, 'net-2-1000000000'],
    [{ headers: { 'x-forwarded-for': ['1,2'] } }, 'net-2-1000000000'],
    [{ headers: { 'x-forwarded-for': ['1,2', '3'], 'true-client-ip': 5 } }, 'net-0-1010000000'],
  ]),
  ...cases('session_fingerprint', [
    [{ user_id: 'admin' }, 'ssn-8c6976e5---'],
    [{ user_id: 'ADMIN', session_id: 'AbC' }, 'ssn-8c6976e5---ba7816bf'],
    [{ session_id: 'x' }, 'ssn----2d711642'],
    [{ cookies: { b: '1,2', a: 'X', A: 'y' } }, 'ssn--12d3a5d1-53d074bf-'],
    [{ cookies: { a: ['1', '2'], b: 5, c: null, d: {}, e: true } }, 'ssn--bdf1dfc0-08335f45-'],
    [{ cookies: { é: '1', z: '2' } }, 'ssn--fa6a9231-17f8af97-'],
    [{ cookies: { a: '' } }, 'ssn--ca978112-e3b0c442-'],
    [{ cookies: {} }, 'ssn----'],
    [{ user_id: '' }, 'ssn----'],
    [{ user_id: 5 }, undefined],
    ...[null, 'x', 0.5, ['x']].map((cookies) => [{ cookies }, 'ssn----'] as const),
    [{ user_id: {}, cookies: 'x' }, 'ssn----'],
  ]),
  ...cases('extract_schema', [
    [{ inputs: null }, [1]],
    [{ inputs: true }, [2]],
    [{ inputs: 'text' }, [8]],
    [{ inputs: 1.5 }, [16]],
    [{ inputs: 1 }, [16]],
    [{ inputs: { a: undefined } }, [{ a: [0] }]],
    [{ inputs: [] }, [[], { len: 0 }]],
    [{ inputs: {} }, [{}]],
    [{ inputs: [1, 2, 3] }, [[[16]], { len: 3 }]],
    [{ inputs: Array.from({ length: 11 }, () => 1) }, [[[16]], { len: 11, truncated: true }]],
    [
      {
        inputs: [
          { a: 1, b: '' },
          { b: 'x', a: 2 },
        ],
      },
      [[[{ a: [16], b: [8] }]], { len: 2 }],
    ],
    [
      { inputs: { email: 'a@b', mail: 'no', key: 'x', other: 'val' } },
      [
        {
          email: [8, { type: 'email', category: 'pii' }],
          mail: [8],
          key: [8, { type: 'key', category: 'pii' }],
          other: [8, { type: 'value', category: 'pii' }],
        },
      ],
    ],
    [{ inputs: { email: ['a@b'] } }, [{ email: [[[8, { type: 'email', category: 'pii' }]], { len: 1 }] }]],
    [{ inputs: { key: { x: 'a' } } }, [{ key: [{ x: [8] }] }]],
    [{ inputs: { key: 1 } }, [{ key: [16] }]],
    [{ inputs: nested(18) }, nestedSchema(17, [{}])],
    [{ inputs: nested(17) }, nestedSchema(17, [8])],
  ]),
  ...cases('jwt_decode', [
    [{ inputs: `Bearer ${header}.${payload}.sig` }, decoded],
    [{ inputs: [`Bearer ${header}.${payload}.sig`] }, decoded],
    [{ inputs: `Bearer\t ${header}.${payload}.sig ` }, decoded],
    [{ inputs: `Bearer ${header}.${payload}.a.b` }, decoded],
    [{ inputs: `Bearer ${header}.${payload}.` }, { ...decoded, signature: { available: false } }],
    [{ inputs: 'Bearer .. ' }, { header: null, payload: null, signature: { available: true } }],
    [{ inputs: `Bearer ${header}..x` }, { ...decoded, payload: null }],
    [{ inputs: `Bearer ${encode('x')}.${encode('[1]')}.x` }, { ...decoded, header: null, payload: [1] }],
    [{ inputs: `Bearer ${header}.${payload}` }, undefined],
    [{ inputs: ` Bearer ${header}.${payload}.sig` }, undefined],
    [{ inputs: `Basic ${header}.${payload}.sig` }, undefined],
    [{ inputs: 5 }, undefined],
  ]),
  ...cases('uri_parse', [
    [
      { inputs: 'http://user:pw@host.com:8080/a/b?x=1&y=2#frag' },
      {
        scheme: 'http',
        userinfo: 'user:pw',
        host: 'host.com',
        port: 8080,
        path: '/a/b',
        query: { x: '1', y: '2' },
        fragment: 'frag',
      },
    ],
    [{ inputs: '/a?x#y?z' }, { ...noUri, path: '/a', query: { x: true }, fragment: 'y?z' }],
    [{ inputs: '//h/p' }, { ...noUri, host: 'h', path: '/p' }],
    [{ inputs: '' }, noUri],
    [{ inputs: 'HTTP://[::1]:/' }, { ...noUri, scheme: 'HTTP', host: '::1', path: '/' }],
    [{ inputs: 'http://[1]/' }, undefined],
    [{ inputs: 'http://[1::2::3]/' }, undefined],
    [{ inputs: 'mailto:a@b.c' }, { ...noUri, scheme: 'mailto', path: 'a@b.c' }],
    [
      { inputs: '/?a[]=1&a=2&b[]=3&c&d=&=e&&f=g=h&%61=+&c&a[b]=4' },
      {
        ...noUri,
        path: '/',
        query: { a: ['1', '2'], b: '3', c: [true, true], d: '', f: 'g=h', '%61': '+', 'a[b]': '4' },
      },
    ],
    [{ inputs: 'http://h:65536/' }, undefined],
    [{ inputs: 'http://h:x/' }, undefined],
    [{ inputs: 'http://u@v@h/' }, undefined],
    [{ inputs: 'http://h/a b' }, undefined],
    [{ inputs: 'http://h/é' }, undefined],
    [{ inputs: 'h' }, undefined],
    [{ inputs: '?a=b' }, undefined],
    [{ inputs: 5 }, undefined],
  ]),
]

interface Difference extends Case {
  readonly reference: unknown
  readonly reason: string
}

const differences: readonly Difference[] = [
  {
    generator: 'jwt_decode',
    inputs: { inputs: `bearer ${header}.${payload}.sig` },
    gives: decoded,
    reference: undefined,
    reason: 'the name of an authentication scheme has no case',
  },
  {
    generator: 'http_network_fingerprint',
    inputs: { headers: { 'x-real-ip': '1', 'x-forwarded-for': '' } },
    gives: 'net-1-1100000000',
    reference: 'net-0-1100000000',
    reason: 'the reference minds the order in which the headers come',
  },
  {
    generator: 'uri_parse',
    inputs: { inputs: '// ?' },
    gives: undefined,
    reference: { ...noUri, query: { '?': true } },
    reason: 'a space is no host',
  },
  {
    generator: 'extract_schema',
    inputs: { inputs: 10n },
    gives: [4],
    reference: [0],
    reason: 'the reference does not see a bigint',
  },
  {
    generator: 'extract_schema',
    inputs: { inputs: Array.from({ length: 300 }, () => 1) },
    gives: [[[16]], { len: 300, truncated: true }],
    reference: [[[16]], { len: 256, truncated: true }],
    reason: 'the reference cuts a list before it counts it',
  },
  {
    generator: 'extract_schema',
    inputs: { inputs: new Map([['a', new Set(['x'])]]) },
    gives: [{ a: [[[8]], { len: 1 }] }],
    reference: [{}],
    reason: 'the reference does not see into a Map',
  },
]

/** `levels` maps inside each other, around a text. */
function nested(levels: number): unknown {
  return levels === 0 ? 'x' : { a: nested(levels - 1) }
}

function nestedSchema(levels: number, inmost: unknown): unknown {
  return levels === 0 ? inmost : [{ a: nestedSchema(levels - 1, inmost) }]
}

/** Item schemas in an order that does not depend on the engine. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(ordered)
    return items.every((item) => Array.isArray(item))
      ? [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, ordered(item)]))
}

test.each(agreed)('$generator of $inputs is as the reference has it', ({ generator, inputs, gives }) => {
  expect(ordered(ours(generator, inputs))).toEqual(ordered(gives))
  expect(ordered(referenceOf(generator)(inputs))).toEqual(ordered(gives))
})

test.each(differences)('$generator of $inputs differs: $reason', ({ generator, inputs, gives, reference }) => {
  expect(ordered(ours(generator, inputs))).toEqual(gives)
  expect(ordered(referenceOf(generator)(inputs))).toEqual(reference)
})

test('there are cases for every processor', () => {
  expect(processors.size).toBe(7)
  expect(new Set(agreed.map(({ generator }) => generator))).toEqual(new Set(processors.keys()))
  expect(agreed.length).toBeGreaterThanOrEqual(70)
  expect(differences.length).toBe(6)
})

describe('random inputs give what the reference gives', () => {
  // A key that only the reference loses on its way out of native code.
  const key = fc.string({
    unit: fc.constantFrom('a', 'B', 'b', 'é', 'ÿ', '中', '😀', ',', '_', '-', '\0', '['),
    maxLength: 4,
  })
  const headerName = fc.oneof(
    key,
    fc.constantFrom(
      'referer',
      'Accept',
      'accept_language',
      'x-datadog-x',
      'X-Real-IP',
      'via',
      'TE',
      'x-forwarded-for',
      'user-agent',
      'forwarded',
    ),
  )
  const text = fc.string({ unit: fc.constantFrom('a', 'B', ',', 'É', ' ', '/'), maxLength: 5 })
  const scalar = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.constant(0.5))
  const headerValue = fc.oneof(text, fc.array(text, { maxLength: 2 }))
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('node'), { maxLength: 12 }),
      fc.dictionary(key, tie('node'), { maxKeys: 4 }),
    ),
  })).node
  const uriPiece = fc.constantFrom(
    'http',
    ':',
    '//',
    '/',
    '?',
    '#',
    '@',
    'h',
    '[',
    ']',
    '::1',
    '80',
    '99999',
    '&',
    '=',
    'a[]',
    '%',
    '%41',
    '%zz',
    '.',
    '-',
    '_',
    '~',
    '!',
    "'",
    '(',
    '*',
    ';',
    ',',
    '+',
    ' ',
    '"',
    '<',
    '\\',
    '^',
    '`',
    '{',
    '|',
    'é',
    '0',
    '\n',
  )
  const properties: Readonly<Record<string, fc.Arbitrary<Inputs>>> = {
    http_endpoint_fingerprint: fc.record({
      method: fc.constantFrom('GET', 'pOsT', ''),
      uri_raw: fc.string({ unit: fc.constantFrom('/', 'a', 'B', '?', '#', 'É'), maxLength: 6 }),
      query: fc.dictionary(key, scalar),
      body: fc.oneof(tree, fc.dictionary(key, scalar)),
    }),
    http_header_fingerprint: fc.record({ headers: fc.dictionary(headerName, headerValue) }),
    // The reference counts nothing when an empty header of a higher rank comes late.
    http_network_fingerprint: fc.record({ headers: fc.dictionary(headerName, fc.constantFrom('a', 'a,b', ['a,,'])) }),
    session_fingerprint: fc.record(
      { cookies: fc.dictionary(key, headerValue), user_id: text, session_id: text },
      { requiredKeys: ['user_id'] },
    ),
    extract_schema: fc.record({ inputs: tree }),
    jwt_decode: fc
      .array(fc.oneof(fc.constantFrom('.', ' ', '=', 'Bearer ', header, payload, 'x'), tree.map(encode)), {
        maxLength: 8,
      })
      .map((pieces) => `Bearer ${pieces.join('')}`)
      // The reference cuts what it is given at 4,096 bytes.
      .filter((credentials) => credentials.length < 4096)
      .map((credentials) => ({ inputs: credentials })),
    uri_parse: fc
      .tuple(fc.constantFrom('', 'http://', 'x:', '/', '//', 'http://h'), fc.array(uriPiece, { maxLength: 8 }))
      .map(([start, pieces]) => start + pieces.join(''))
      // The reference takes a host that begins with a bad character for none when "?" follows, with a second "@" also when "/" does.
      .filter((uri) => !/^(?:[a-z]+:)?\/\/(?:[^/?#]*@)?[^a-z0-9._~!$&'()*+,;=%:@/?#[-][^/#]*\?/.test(uri))
      .filter((uri) => !/^(?:[a-z]+:)?\/\/[^@/?#]*@@[^#]*[/?]/.test(uri))
      .map((uri) => ({ inputs: uri })),
  }

  test.each(Object.entries(properties))('%s', (generator, inputs) => {
    const reference = referenceOf(generator)
    fc.assert(
      fc.property(inputs, (given) => {
        expect(ordered(ours(generator, given))).toEqual(ordered(reference(given)))
      }),
      { numRuns: 2000 },
    )
  })

  test('were made for every processor', () =>
    expect(Object.keys(properties).sort()).toEqual([...processors.keys()].sort()))
})
