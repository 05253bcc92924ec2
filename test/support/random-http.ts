import { randomSource, type RandomSource } from './random-source.ts'

/** What one client writes to one connection, a byte a character (latin1), in pieces. */
export type Written = readonly string[]

const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']
const oddMethods = ['CONNECT', 'PROPFIND', 'QUERY', 'get', 'FOO', '']
const routes = ['echo/x', 'stream', 'early', 'throw', 'reject', 'redirect', 'head', 'pipe', 'late', 'flush', 'hints']
const answers = ['status/204', 'status/304', 'status/404', 'twice', 'destroy', 'raw', 'cookies', 'none']
const targets = [
  ['/', '*', '/echo/%41', '/echo/%zz', '/echo/%', '/echo/%00', '//echo/x', '//', '/echo/../x', '/./echo/x', '/;a=b'],
  ['/echo/x?a=1&a=2&b[c]=d&__proto__[x]=y&=&&%zz=1', '/echo/x?', '/echo/x#fragment', '/echo/x?q=\xe9\x80', '?a=b'],
  ['http://a/echo/x', 'https://u:p@a:99/echo/x?y=z', 'http://', 'http:///echo/x', 'a:443', 'echo/x', '/echo/\xff'],
  [`/echo/${'a'.repeat(2000)}`, '/echo/a b', '/ECHO/x', '/echo/x/', '/echo/constructor?constructor=1', '/\\echo\\x'],
].flat()
const versions = ['HTTP/1.0', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.1 ', 'HTTP/1.10', 'http/1.1', '']
const types = [
  ['application/json', 'application/json; charset=utf-8', 'application/json; charset=utf-7', 'APPLICATION/JSON'],
  ['application/x-www-form-urlencoded', 'text/plain', 'text/plain; charset=utf-16', 'application/octet-stream'],
  ['multipart/form-data; boundary=b', 'multipart/form-data', ';', 'a/b; c="', 'application/json, text/plain'],
].flat()
const bodies = [
  ['{"login":"ada","password":"x"}', '{"__proto__":{"a":1},"constructor":1}', '[1,[2,[3]]]', '"text"', 'null', '{', ''],
  ['{"a":"\xc3\xa9","b":"\\ud800"}', '\xff\xfe', `${'['.repeat(90)}${']'.repeat(90)}`, '{"a":1e999,"a":-0}'],
  ['login=ada&login=bob', 'a[b][c]=1&a[b][__proto__]=2', '%zz=%', '&&==&', 'a=\xe9', 'a+b=c%20d'],
  ['--b\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\nhello\r\n--b--\r\n', '--b--', '--c'],
].flat()
const ids = ['0', '1', '-1', '18446744073709551615', '18446744073709551616', 'abc', '', ' 5 ', '1,2', '1e3']
const values: Readonly<Record<string, readonly string[]>> = {
  host: ['a', 'a:99', '', 'a, b', '[::1]:80', 'a b', '\xe9', 'http://a'],
  cookie: ['a=b', 'a=b; c=d', 'a', '=', ';;', 'a="b; c"', '__proto__=x', 'a=%zz', `a=${'b'.repeat(4000)}`, '\xff=\xfe'],
  'x-forwarded-for': ['203.0.113.9', '1.2.3.4, 10.0.0.1', '::1', '[::1]:80', 'unknown', ',,,', '\xff', '1.2.3.4:99'],
  forwarded: ['for=203.0.113.9', 'for="[::1]:1";by=x, for=y', ';', 'for=', 'for="'],
  traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0-0-0', 'ff', '', '\xff'],
  tracestate: ['dd=s:2;o:rum;t.dm:-4', 'a=b,c=d', ',', '='.repeat(600)],
  baggage: ['a=b', 'a', ',;='],
  'x-datadog-trace-id': ids,
  'x-datadog-parent-id': ids,
  'x-datadog-sampling-priority': ids,
  'x-datadog-tags': ['_dd.p.dm=-4', '_dd.p.tid=zz', ',', '='],
  'user-agent': ['curl/8', '', '\x80\xff', 'Mozilla/5.0 (X11)', 'a'.repeat(5000)],
  accept: ['*/*', 'text/html', 'text/html;q=0, application/json', ';q=', 'application/json;q=2'],
  'accept-encoding': ['gzip', 'identity;q=0', '*;q=0'],
  'accept-language': ['de', '\xe4'],
  'content-encoding': ['gzip', 'identity', 'nonsense', 'br'],
  connection: ['keep-alive', 'close', 'Upgrade', 'close, keep-alive', 'te', ''],
  upgrade: ['websocket', 'h2c', ''],
  expect: ['100-continue', '100-Continue', '200-ok', ''],
  te: ['trailers', 'gzip'],
  range: ['bytes=0-1', 'bytes=5-1'],
  'if-none-match': ['*', '"x"'],
  'if-modified-since': ['Thu, 01 Jan 2099 00:00:00 GMT', 'never'],
  authorization: ['Bearer x.y.z', 'Basic YTpi', 'Basic', 'Bearer eyJhIjoxfQ.eyJrIjoiYWJjIn0.c'],
  'x-requested-with': ['XMLHttpRequest'],
  'x-http-method-override': ['DELETE'],
  __proto__: ['x'],
  constructor: ['x'],
  'x-many': ['1', '2', '3'],
}
const names = Object.keys(values)
const oddLines = [
  'no colon',
  'a : b',
  ': b',
  ' folded: x',
  'x: a\x00b',
  'x: a\rb',
  'x\x80: y',
  '\tx: y',
  'x:',
  'X-A:\xff',
]

/** Ends every exchange: repeated, so that it survives a body that takes in what follows it. */
const last = 'GET /echo/last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'.repeat(14)

/** One to four requests on one connection, most of them well formed, and then the same last one. */
export function randomConnection(seed: number): Written {
  const random = randomSource(seed)
  const requests = Array.from({ length: 1 + random.integer(4) }, () => randomRequestBytes(random))
  return split(`${requests.join('')}${last}`, random)
}

function randomRequestBytes(random: RandomSource): string {
  const method = random.chance(0.05) ? random.pick(oddMethods) : random.pick(methods)
  const target = random.chance(0.35) ? random.pick(targets) : `/${random.pick(random.chance(0.6) ? routes : answers)}`
  const version = random.chance(0.06) ? random.pick(versions) : 'HTTP/1.1'
  const lines = random.chance(0.97) ? [`host: ${random.pick(random.chance(0.9) ? ['a'] : (values['host'] ?? []))}`] : []
  for (let left = random.integer(6); left > 0; left -= 1) {
    const name = random.pick(names)
    const spelled = random.chance(0.2) ? name.toUpperCase() : name
    lines.push(`${spelled}:${random.chance(0.9) ? ' ' : ''}${random.pick(values[name] ?? [])}`)
  }
  if (random.chance(0.06)) lines.push(random.pick(oddLines))
  const bodied = random.chance(['POST', 'PUT', 'PATCH'].includes(method) ? 0.9 : 0.1)
  const [framing, body] = bodied ? randomBody(random) : [[], '']
  const head = shuffled([...lines, ...framing], random)
  return `${method} ${target} ${version}\r\n${head.map((line) => `${line}\r\n`).join('')}\r\n${body}`
}

function randomBody(random: RandomSource): readonly [lines: readonly string[], body: string] {
  const text = random.pick(bodies)
  const type = random.chance(0.9) ? [`content-type: ${random.pick(types)}`] : []
  if (random.chance(0.6)) {
    const wrong = random.chance(0.08)
    const length = wrong ? random.pick(['-1', '+3', '0x5', '', '5, 5', `${text.length + 3}`]) : `${text.length}`
    return [[...type, `content-length: ${length}`], text]
  }
  const coding = random.chance(0.93)
    ? 'chunked'
    : random.pick(['Chunked', 'gzip, chunked', 'chunked, chunked', 'identity'])
  const lines = [...type, `transfer-encoding: ${coding}`]
  if (random.chance(0.05)) lines.push(`content-length: ${text.length}`)
  return [lines, chunked(text, random)]
}

function chunked(text: string, random: RandomSource): string {
  let written = ''
  for (let at = 0; at < text.length;) {
    const piece = text.slice(at, at + 1 + random.integer(40))
    const extension = random.chance(0.1) ? random.pick([';a=b', ';a="b c"', ' ;x', ';']) : ''
    const size = random.chance(0.03)
      ? random.pick(['', 'g', '-1', `${piece.length.toString(16)}0`])
      : piece.length.toString(16)
    written += `${size}${extension}\r\n${piece}\r\n`
    at += piece.length
  }
  const trailers = random.chance(0.15) ? random.pick(['x-trailer: 1\r\n', 'host: b\r\n', 'bad\r\n', 'a: \xff\r\n']) : ''
  return `${written}0\r\n${trailers}\r\n`
}

function split(text: string, random: RandomSource): string[] {
  const pieces: string[] = []
  let rest = text
  for (let left = random.integer(4); left > 0 && rest.length > 1; left -= 1) {
    const at = 1 + random.integer(rest.length - 1)
    pieces.push(rest.slice(0, at))
    rest = rest.slice(at)
  }
  return [...pieces, rest]
}

function shuffled(lines: readonly string[], random: RandomSource): string[] {
  const keyed = lines.map((line) => [random.integer(1_000_000), line] as const)
  return keyed.sort(([a], [b]) => a - b).map(([, line]) => line)
}
