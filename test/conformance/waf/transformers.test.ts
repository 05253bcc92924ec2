import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { transformers } from '../../../src/waf/transformers.ts'
import { ReferenceEngine, referenceRun } from '../../support/reference-waf.ts'

interface Case {
  readonly name: string
  readonly text: string
  /** The text afterwards; the text itself when nothing changes. */
  readonly becomes: string
}

function cases(name: string, pairs: readonly (readonly [text: string, becomes: string])[]): readonly Case[] {
  return pairs.map(([text, becomes]) => ({ name, text, becomes }))
}

const agreed: readonly Case[] = [
  ...cases('lowercase', [
    ['SeLeCt', 'select'],
    ['ÄÖ\u212aÉ', 'ÄÖ\u212aÉ'],
    ['AÄ', 'aÄ'],
    ['plain', 'plain'],
  ]),
  ...cases('remove_nulls', [
    ['a\0b\0', 'ab'],
    ['ab', 'ab'],
  ]),
  ...cases('compress_whitespace', [
    ['a  b   c ', 'a b c '],
    ['a\t\tb', 'a\t\tb'],
    ['   ', ' '],
  ]),
  ...cases('normalize_path', [
    ['/a/b/..', '/a/'],
    ['../../etc', '/etc'],
    ['/a/./b', '/a/b'],
    ['./a', 'a'],
    ['a/../b', '/b'],
    ['a//b', 'a//b'],
    ['a//../b', 'a/b'],
    ['./../a', '/a'],
    ['../a/..', '../'],
    ['/a/.../b', '/a/.../b'],
    ['/./', '/./'],
    ['a/.', 'a/.'],
    ['./a/.', 'a/'],
    ['..', '..'],
    ['../', '../'],
    ['/..', '/'],
    ['a\\..\\b', 'a\\..\\b'],
  ]),
  ...cases('normalize_path_win', [
    ['C:\\a\\..\\b', 'C:/b'],
    ['a\\b', 'a/b'],
    ['..\\..\\boot.ini', '/boot.ini'],
  ]),
  ...cases('url_decode', [
    ['a+b', 'a b'],
    ['%41%42', 'AB'],
    ['%2541', '%41'],
    ['%c3%a9', 'é'],
    ['%e2%82%ac!', '€!'],
    ['%', '%'],
    ['%4', '%4'],
    ['%zz', '%zz'],
    ['%%41', '%A'],
    ['%u0041', '%u0041'],
    ['%00', '\0'],
    ['%ff', '\ufffd'],
    ['a%E4b', 'a\ufffdb'],
  ]),
  ...cases('url_decode_iis', [
    ['%2541', 'A'],
    ['%252541', 'A'],
    ['%u0041', 'A'],
    ['%U0041', 'A'],
    ['%25u0041', 'A'],
    ['%%3441', 'D1'],
    ['%2b+', '  '],
    ['%u00e9', 'é'],
    ['%c3%25a9', 'é'],
    ['%u2215', '∕'],
    ['%ud83d', '\ufffd'],
    ['%u00', '%u00'],
    ['%uzzzz', '%uzzzz'],
    ['%', '%'],
  ]),
  ...cases('css_decode', [
    ['\\61 b', 'ab'],
    ['\\000061b', 'ab'],
    ['\\0000611', 'a1'],
    ['\\61\nb', 'ab'],
    ['\\61  b', 'a b'],
    ['\\1f600x', '😀x'],
    ['\\e9', 'é'],
    ['\\zz', 'zz'],
    ['\\\\', '\\'],
    ['\\"', '"'],
    ['a\\\nb', 'ab'],
    ['a\\', 'a'],
    ['a\\0 b', 'ab'],
    ['\\000000', '\ufffd'],
    ['\\110000', '\ufffd'],
    ['\\d83d', '\ufffd'],
  ]),
  ...cases('js_decode', [
    ['\\x41\\x42', 'AB'],
    ['\\xc3\\xa9', 'é'],
    ['\\xe9', '\ufffd'],
    ['\\u0041', 'A'],
    ['\\ud83d\\ude00', '😀'],
    ['\\ud83dx', '\ufffdx'],
    ['\\n\\t\\r\\b\\f\\v\\a', '\n\t\r\b\f\u000b\u0007'],
    ['\\q\\0\\101', 'q0101'],
    ['\\\'\\"\\\\', '\'"\\'],
    ['\\x4', '4'],
    ['\\xzz', 'zz'],
    ['\\u004', '004'],
    ['\\u{41}', '{41}'],
    ['a\\', 'a\\'],
  ]),
  ...cases('html_entity_decode', [
    ['&#65;&#65', 'AA'],
    ['&#x41;&#X41', 'AA'],
    ['&#00065;', 'A'],
    ['&lt;&gt;&amp;&quot;', '<>&"'],
    ['&LT;', '<'],
    ['&lt', '&lt'],
    ['&apos;', '&apos;'],
    ['&amp;lt;', '&lt;'],
    ['&#;&#x;&;&', '&#;&#x;&;&'],
    ['&#x1F600;', '😀'],
    ['&#0;', '\ufffd'],
    ['&#x110000;', '\ufffd'],
    ['&#xd800;', '\ufffd'],
    ['&#99999999999999999999;', '\ufffd'],
  ]),
  ...cases('base64_decode', [
    ['YWJj', 'abc'],
    ['YWJjZA==', 'abcd'],
    ['YWJjZA', 'abcd'],
    ['YWJjZA=', 'abcd'],
    ['YWJj=', 'abc'],
    ['YWJ', 'ab@'],
    ['YW', 'a`'],
    ['Y', '`'],
    ['A', '\0'],
    ['YQAA', 'a\0\0'],
    ['YWJj ZA', 'YWJj ZA'],
    ['YW-j', 'YW-j'],
    ['YWI=YWI=', 'YWI=YWI='],
    ['Y=', 'Y='],
    ['w6k=', 'é'],
    ['gIA=', '\ufffd\ufffd'],
    ['====', ''],
  ]),
  ...cases('base64url_decode', [
    ['YW-jw6k', 'ao\ufffdé'],
    ['Pz8_Pj4-', '???>>>'],
    ['YW+j', 'YW+j'],
  ]),
  ...cases('base64_encode', [
    ['a', 'YQ=='],
    ['abc', 'YWJj'],
    ['é', 'w6k='],
    ['>>>', 'Pj4+'],
  ]),
  ...cases('shell_unescape', [
    ['C^:\\W"in\' dir', 'c:win dir'],
    ['cat  /etc', 'cat/etc'],
    ['ping (x', 'ping(x'],
    ['a , b ; c', 'a b c'],
    ['A,;B', 'a b'],
    ['a\t\n b', 'a b'],
    ['a\tb', 'a\tb'],
    ['a,', 'a,'],
    ['É', 'É'],
  ]),
  ...cases('url_basename', [
    ['/a/b?c/d#e/f', 'b'],
    ['/a/b#c/d', 'b'],
    ['a', 'a'],
    ['/a/', ''],
    ['?a/b', ''],
  ]),
  ...cases('url_path', [
    ['/a/b?c', '/a/b'],
    ['/a#b?c', '/a'],
    ['a', 'a'],
    ['?', ''],
  ]),
  ...cases('url_querystring', [
    ['/a?b?c#d', 'b?c'],
    ['/a#b?c', ''],
    ['a', ''],
    ['a?', ''],
  ]),
  ...cases('remove_comments', [
    ['sel/*x*/ect', 'select'],
    ['a<!--b-->c', 'ac'],
    ['a/* # */b', 'ab'],
    ['a/*b', 'a'],
    ['a<!-->b', 'a'],
    ['a--b', 'a'],
    ['a#b', 'a'],
    ['a//b', 'a'],
    ['a/b-c<!d', 'a/b-c<!d'],
    ['/* /* */ */', ' */'],
  ]),
  ...cases('unicode_normalize', [
    ['ﬁ①', 'fi1'],
    ['ßẞ', 'ssSS'],
    ['ıİ', 'iI'],
    ['ＳＥＬＥＣＴ', 'SELECT'],
    ['éÅa\u0301', 'eAa'],
    ['\u212a\u017f', 'Ks'],
    ['™Ⅰ½', 'tmi1/2'],
    ['‘x’ – “y”', "'x' - “y”"],
    ['\u2039\u203a\u2215\u2216\u2223\u2236\u223c\u2212', '<>/\\|:~-'],
    ['\u00a0\u3000\u1680', '   '],
    ['\u00ad\u200b\u2060\ufeff\ufe0f', ''],
    ['\u{e0041}\u{e0020}\u{e007e}', 'A ~'],
    ['中文 Привет 😀', '中文 Привет 😀'],
  ]),
]

interface Difference extends Case {
  readonly reference: string
  readonly reason: string
}

/** Where we do not follow the reference, and why. */
const differences: readonly Difference[] = [
  {
    name: 'base64_encode',
    text: '???ÿ',
    becomes: 'Pz8/w78=',
    reference: 'Pz8-w78=',
    reason: 'the reference has "-" where the standard alphabet has "/"',
  },
  {
    name: 'html_entity_decode',
    text: '&nbsp;',
    becomes: '\u00a0',
    reference: '\ufffd',
    reason: 'the reference writes byte 160, which is not UTF-8',
  },
  {
    name: 'js_decode',
    text: '\\ude00',
    becomes: '\ufffd',
    reference: '\ufffd\ufffd\ufffd',
    reason: 'the reference writes the three bytes of a surrogate, which are not UTF-8',
  },
  {
    name: 'js_decode',
    text: '\\ud83d\\u0041',
    becomes: '\ufffdA',
    reference: 'A',
    reason: 'the reference drops half a pair when another escape follows it',
  },
  {
    name: 'css_decode',
    text: '\\61\\0b\\0',
    becomes: 'a\u000b',
    reference: 'a\u000b\ufffd',
    reason: 'the reference writes U+FFFD for a lone zero when escapes before it left room, and nothing otherwise',
  },
  {
    name: 'unicode_normalize',
    text: 'SEL\u200dECT',
    becomes: 'SELECT',
    reference: 'SEL\u200dECT',
    reason: 'the reference keeps the zero-width joiner, which hides keywords',
  },
  {
    name: 'unicode_normalize',
    text: '\u{105c0}',
    becomes: '\u{105c0}',
    reference: '',
    reason: 'the reference drops letters newer than its Unicode tables',
  },
]

function ours(name: string, text: string): string {
  const transformer = transformers.get(name)
  if (transformer === undefined) throw new Error(`no transformer ${name}`)
  return transformer.apply(text) ?? text
}

/** The transformed text as an event of the reference reports it; "" when there is none (it never matches an empty text). */
function referenceOf(name: string): (text: string) => string {
  const condition = { operator: 'match_regex', parameters: { inputs: [{ address: 'text' }], regex: '^' } }
  const rule = { id: 'r', name: 'r', tags: { type: 't' }, conditions: [condition], transformers: [name] }
  const waf = new ReferenceEngine({ version: '2.2', rules: [rule] }, 'rules')
  return (text) => referenceRun(waf, { text }).events?.[0]?.rule_matches[0]?.parameters[0]?.value ?? ''
}

test.each(agreed)('$name makes $text $becomes, as the reference does', ({ name, text, becomes }) => {
  expect(ours(name, text)).toBe(becomes)
  expect(referenceOf(name)(text)).toBe(becomes)
})

test.each(differences)('$name makes $text $becomes, because $reason', ({ name, text, becomes, reference }) => {
  expect(ours(name, text)).toBe(becomes)
  expect(referenceOf(name)(text)).toBe(reference)
})

test('there are cases for every transformer', () => {
  const names = new Set([...transformers.values()].map(({ name }) => name))
  expect(names.size).toBe(19)
  expect(new Set(agreed.map(({ name }) => name))).toEqual(names)
  expect(agreed.length).toBeGreaterThanOrEqual(150)
  expect(differences.length).toBe(7)
})

test('the aliases are those of the public schema', () => {
  const aliases = new Map([...transformers].filter(([alias, { name }]) => alias !== name))
  expect(Object.fromEntries([...aliases].map(([alias, { name }]) => [alias, name]))).toEqual({
    base64Decode: 'base64_decode',
    base64Encode: 'base64_encode',
    cmdLine: 'shell_unescape',
    compressWhiteSpace: 'compress_whitespace',
    cssDecode: 'css_decode',
    htmlEntityDecode: 'html_entity_decode',
    jsDecode: 'js_decode',
    normalizePath: 'normalize_path',
    normalizePathWin: 'normalize_path_win',
    removeComments: 'remove_comments',
    removeNulls: 'remove_nulls',
    urlDecode: 'url_decode',
    urlDecodeUni: 'url_decode_iis',
  })
  for (const alias of aliases.keys()) expect(referenceOf(alias)).toBeTypeOf('function')
})

/** The pieces that matter to each transformer, so that random texts are rarely plain. */
const alphabets: Readonly<Record<string, readonly string[]>> = {
  lowercase: Array.from('abAZ[@\u00c9\u212a'),
  remove_nulls: Array.from('a\0b'),
  compress_whitespace: Array.from('a  \t\u00a0'),
  normalize_path: ['a', '.', '..', '/', './', '../', '\\'],
  normalize_path_win: ['a', '.', '..', '/', '\\', '..\\', ':'],
  url_decode: [...Array.from('%%%+cC3a9xé'), '%c3', '%a9', '%41', '%25'],
  url_decode_iis: [...Array.from('%%%+cC3a9uUxé'), '%c3', '%a9', '%25', '%u00', '%u0025', '%ud83d', '%37'],
  css_decode: ['\\', '\\6', '\\1f600', 'a', 'g', 'é', ' ', '\t', '\n', '\r', '9', '"', '\\d83d', '\\110000', '\\00'],
  js_decode: ['\\', '\\x', '\\u', '\\u0', 'd83d', '\\xc3', '\\xa9', 'a', 'n', 'g', 'é', '4', '"', '\\ud83d', '\n'],
  html_entity_decode: ['&', '#', 'x', ';', '4', '65', 'd800', '&lt', 'amp', '&#x', '&#', 'é', '&QUOT;', '1f600'],
  base64_decode: [...Array.from('YWJjZAw6k/+'), '=', 'AA', '-', '_'],
  base64url_decode: [...Array.from('YWJjZAw6k_-'), '=', 'AA', '+', '/'],
  base64_encode: Array.from('ab>Zé~😀'),
  shell_unescape: Array.from('aZ\\"\'^,; \t\n\r/(É'),
  url_basename: Array.from('ab/?#.'),
  url_path: Array.from('ab/?#.'),
  url_querystring: Array.from('ab/?#.='),
  remove_comments: ['a', '/', '*', '-', '#', '<!--', '-->', '/*', '*/', '<', '!', ' '],
  unicode_normalize: Array.from('aSé\u0301ﬁ①ſ\u212aßİｓ\u200b\u00ad–½中가\u{e0041}😀\u2039\u3000ς'),
}

/** Bytes that are no text are left out: the reference keeps, repeats or drops them; the cases above say which. */
function textOf(value: string): string {
  return value.replaceAll('\ufffd', '')
}

test.each(Object.entries(alphabets))('%s agrees with the reference on random texts', (name, alphabet) => {
  const reference = referenceOf(name)
  const text = fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 24 })
  fc.assert(
    fc.property(text, (value) => {
      expect(textOf(ours(name, value))).toBe(textOf(reference(value)))
    }),
    { numRuns: 4000 },
  )
})

test('every character of the reference’s Unicode version is normalised as it does', () => {
  const reference = referenceOf('unicode_normalize')
  const different: string[] = []
  let compared = 0
  for (let point = 0; point <= 0xe0fff; point++) {
    // Planes in which nothing is assigned.
    if (point === 0x40000) point = 0xe0000
    const character = String.fromCodePoint(point)
    if (/[\p{Cs}\p{Cn}\u200d]/u.test(character)) continue
    const expected = reference(character)
    // Dropped letters, digits and symbols are those that came after its tables.
    if (expected === '' && !/[\p{M}\p{Default_Ignorable_Code_Point}]/u.test(character)) continue
    compared++
    if (ours('unicode_normalize', character) !== expected) different.push(`U+${point.toString(16)}`)
  }
  expect(different).toEqual([])
  expect(compared).toBeGreaterThan(70_000)
})

test('a transformer changes nothing but case in a text without its triggers', () => {
  const triggered = [...transformers.values()].filter(({ triggers }) => triggers !== undefined)
  expect(new Set(triggered).size).toBeGreaterThanOrEqual(15)
  for (const { name, triggers = '', apply } of new Set(triggered)) {
    const unit = fc.constantFrom(...(alphabets[name] ?? []), 'a', 'Z', ' ', '.', ':').map((piece) =>
      Array.from(piece)
        .filter((c) => !triggers.includes(c < '\u0080' ? c : '\u0080'))
        .join(''),
    )
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 24 }), (value) => {
        expect((apply(value) ?? value).toLowerCase()).toBe(value.toLowerCase())
      }),
    )
  }
})

test('a transformer leaves a text in which its pattern of changes is not found', () => {
  const told = [...new Set(transformers.values())].filter(({ changes }) => changes !== undefined)
  expect(told.map(({ name }) => name).sort()).toEqual(['normalize_path', 'remove_comments'])
  for (const { name, changes, apply } of told) {
    expect(changes?.source).not.toMatch(/[a-z]/i)
    const unit = fc.constantFrom(...(alphabets[name] ?? []), ...Array.from('a/.-#*<!\n'))
    let left = 0
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (value) => {
        if (changes?.test(value) === true) return
        left += 1
        expect(apply(value)).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
    expect(left).toBeGreaterThan(200)
  }
})

test('a quarter of a megabyte of its own worst text costs no transformer more than linear time', () => {
  const bytes = 1 << 18
  let ran = 0
  for (const { name, apply } of new Set(transformers.values())) {
    const alphabet = alphabets[name] ?? []
    for (const unit of [...alphabet, alphabet.join('')]) {
      // A quadratic pass over this would take minutes, and the test would run out of its time.
      expect(typeof (apply(unit.repeat(bytes / unit.length)) ?? '')).toBe('string')
      ran++
    }
  }
  expect(ran).toBeGreaterThan(170)
  // Each decoded character completes another escape.
  expect(ours('url_decode_iis', `%${'25'.repeat(bytes / 2)}41`)).toBe('A')
})
