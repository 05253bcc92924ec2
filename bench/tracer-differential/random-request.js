import { anything, randomScript } from './random-script.js'

/** Requests to service.cjs: odd where an attacker, a proxy or a careless service is. */

const addresses = `
  203.0.113.7 198.51.100.9 8.8.8.8 10.0.0.1 192.168.1.1 172.16.3.4 127.0.0.1 169.254.1.1 100.64.0.1 100.65.1.1
  100.128.0.1 0.0.0.0 255.255.255.255 224.0.0.1 192.0.2.1 01.02.03.04 1.2.3 1.2.3.4.5 999.1.1.1 1.2.3.256 0x7f.1.1.1
  203.0.113.7:4711 10.0.0.1:80 203.0.113.7: 203.0.113.7:99999 203.0.113.7:x 2001:db8::1 2001:DB8:0:0::1 [2001:db8::1]
  [2001:db8::1]:443 [2001:db8::1 2001:db8::1] [::1] ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00::1 fec0::1 ff02::1
  ::ffff:203.0.113.7 ::ffff:10.0.0.1 ::ffff:cb00:7107 64:ff9b::1.2.3.4 2001:db8::1:2:3:4:5:6:7 2001:db8:::1 1::2::3 12345::
  2001:db8::1.2.3.4 "203.0.113.7" "[2001:db8::1]:443" "203.0.113.7 '203.0.113.7' unknown _hidden - null garbage 203.0.113.7/24 ,
`
  .trim()
  .split(/\s+/)
const ipHeaders = `
  x-forwarded-for x-real-ip true-client-ip x-client-ip forwarded forwarded-for x-cluster-client-ip fastly-client-ip
  cf-connecting-ip cf-connecting-ipv6 x-forwarded via x-mine X-Forwarded-For
`
  .trim()
  .split(/\s+/)
const paths = `
  /ok /ok /ok /users/7 /users/stop-param /users/%E4%B8%AD /leak /teapot /away /languages /pieces /sessions/me /mount/1/b/2
  /mount/stop-param/b/2 /throws /nowhere /ok/ /OK //ok /ok/../ok /ok;a=b /ok%2F /wp-admin/install.php /.env /ok?
  /etc/passwd /%zz /passport/session/alice /passport/session/listed /passport/session/numbers /passport/session/nobody
  /passport/session/text /passport/session/mail /passport/session/empty /login /passport/basic /raw-target
`
  .trim()
  .split(/\s+/)
const words = `
  stop-query stop-cookie stop-header stop-body stop-param send-away only-seen stop-teapot send-oddly collect-all collect-few
  stop-json stop-unheard send-or-stop send-nowhere send-unsendable only-monitored stop-undefined tag-me stop-session stop-file
  <script>alert(1)</script> 1%20OR%201=1-- ../../../etc/passwd $(id) %00 %e4%b8%ad a%20b a+b %ff plain 7 true {{7*7}}
  token=abc password=hunter2 hide-me
`
  .trim()
  .split(/\s+/)
const keys =
  'q q q id password token api_key a[b] a[b][c] a[] a.b __proto__ constructor favourite access_token mine'.split(' ')
const userAgents = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36',
  ...['curl/8.0', 'sqlmap/1.8', 'Arachni/v1', 'Nessus', 'dd-test-scanner-log', 'dd-test-scanner-log-block', 'x', ''],
  ...['test-user-agent', 'A'.repeat(300), 'python-requests/2.31', '\u00e4\u00f6'],
]
const accepts = [
  ...['text/html', 'application/json', '*/*', 'text/html,application/json', 'text/html;q=0.9,*/*;q=0.8', ''],
  ...['application/json;q=0.1,text/html', 'text/*', 'TEXT/HTML', 'text/plain', 'text/html;level=1', ' text/html , x/y'],
]
const otherHeaders = {
  'accept-language': ['de', 'en-US,en;q=0.5'],
  'accept-encoding': ['gzip, deflate', 'identity'],
  'cache-control': ['no-cache'],
  referer: ['https://shop.example/?password=x'],
  te: ['trailers'],
  authorization: [
    'Bearer abc',
    'Basic YWxpY2U6cmlnaHQ=',
    'Basic YWxpY2U6d3Jvbmc=',
    'Basic bnVtYmVyczpyaWdodA==',
    'Basic =',
    'Basic OnJpZ2h0',
  ],
  'x-amzn-trace-id': ['Root=1'],
  'cf-ray': ['r'],
  'x-odd.name!': ['v'],
  'x-mine': ['v', 'stop-header'],
  'x-two': ['2', ''],
  'content-language': ['fr'],
  'content-encoding': ['identity'],
  'x-session': ['stop-session', 's1'],
  'x-datadog-endpoint-scan': ['scan'],
  'x-datadog-security-test': ['test'],
  'x-requested-with': ['XMLHttpRequest'],
  'akamai-user-risk': ['u'],
  'www-authenticate': ['Basic'],
  'x-sigsci-tags': ['SQLI'],
  'proxy-authorization': ['Basic x'],
}
const cookies = [
  'a=b',
  'a=b; c=d',
  'session=stop-cookie',
  'a=%zz',
  '=',
  '; ;',
  'a="q"; A=1',
  'j:{"a":1}=x',
  'k=j:{"a":1}',
  '__proto__=x',
  'sid=s:signed.abc',
]
const hex = (random, length) => Array.from({ length }, () => random.pick([...'0123456789abcdef'])).join('')
const ids = [
  '1',
  '123456789',
  '18446744073709551615',
  '18446744073709551616',
  '0',
  '-1',
  'abc',
  '',
  '1 ',
  '00012',
  '9007199254740993',
]
const tracestates = [
  ...[
    'dd=s:2;o:rum;t.dm:-4',
    'dd=s:-1',
    'dd=s:0;t.dm:-3;p:00f067aa0ba902b7',
    'a=b',
    'dd=',
    'dd=s:x',
    'a=b,dd=s:1;t.usr.id:x~y',
    '',
  ],
  ...['dd=s:2;o:a~b;t.ts:02;t.tid:640cfd8d00000000', 'dd=t.dm:4', 'dd=s:3'],
]
const datadogTags = [
  '_dd.p.dm=-4',
  '_dd.p.tid=640cfd8d00000000',
  '_dd.p.tid=xyz',
  '_dd.p.ts=02',
  '_dd.p.a=b,x=y',
  ',',
  '_dd.p.dm=4',
  'junk',
  `_dd.p.l=${'x'.repeat(600)}`,
]

/** Trace contexts of one kind or several, well-formed or not. */
function propagation(random) {
  const trace = random.chance(0.8)
    ? hex(random, 32)
    : random.pick([
        '0'.repeat(32),
        hex(random, 31),
        hex(random, 32).toUpperCase(),
        `${'0'.repeat(16)}${hex(random, 16)}`,
      ])
  const span = random.chance(0.8) ? hex(random, 16) : random.pick(['0'.repeat(16), hex(random, 15), 'g'.repeat(16)])
  const w3c = () => {
    const version = random.chance(0.8) ? '00' : random.pick(['01', 'ff', '0', 'cc'])
    const flags = random.pick(['00', '01', '02', '03', 'ff', '1', ''])
    const tail = random.chance(0.1) ? '-tail' : ''
    const parent = [['traceparent', `${version}-${trace}-${span}-${flags}${tail}`]]
    return random.chance(0.6) ? [...parent, ['tracestate', random.pick(tracestates)]] : parent
  }
  const datadog = () => {
    const found = []
    if (random.chance(0.95))
      found.push([
        'x-datadog-trace-id',
        random.chance(0.6) ? String(BigInt(`0x${trace.slice(-16).replace(/[^0-9a-f]/gi, '1')}`)) : random.pick(ids),
      ])
    if (random.chance(0.85))
      found.push(['x-datadog-parent-id', random.chance(0.6) ? String(1 + random.integer(1e9)) : random.pick(ids)])
    if (random.chance(0.7))
      found.push(['x-datadog-sampling-priority', random.pick(['2', '1', '0', '-1', '3', 'x', '', '1.5'])])
    if (random.chance(0.4)) found.push(['x-datadog-origin', random.pick(['rum', 'synthetics', '', 'a b', 'appsec'])])
    if (random.chance(0.4)) found.push(['x-datadog-tags', random.pick(datadogTags)])
    return found
  }
  const b3 = () => [
    ['x-b3-traceid', trace],
    ['x-b3-spanid', span],
    ['x-b3-sampled', random.pick(['1', '0', 'd'])],
  ]
  const b3Single = () => [
    ['b3', random.pick([`${trace}-${span}-1`, `${trace}-${span}`, '0', '1', 'd', `${trace}-${span}-0-${span}`])],
  ]
  const first = random.pick([w3c, datadog, b3, b3Single])
  return random.chance(0.7) ? first() : [...first(), ...(first === w3c ? datadog : w3c)()]
}

function nested(levels) {
  return levels === 0 ? 'leaf' : { n: nested(levels - 1) }
}
const logins = [
  'alice',
  'numbers',
  'listed',
  'mail',
  'empty',
  'text',
  'objects',
  'null',
  'zero',
  'class',
  'later',
  'broken',
  'nobody',
  'mallory',
  '',
  '\u4e2d',
]
const form = (random) => {
  const username = random.pick(logins)
  const password = random.chance(0.6) ? 'right' : 'wrong'
  return random.chance(0.5)
    ? { type: 'application/json', body: JSON.stringify({ username, password }) }
    : { type: 'application/x-www-form-urlencoded', body: String(new URLSearchParams({ username, password })) }
}
function body(random) {
  const word = decodeURIComponent(random.pick(words.filter((one) => one !== '%ff')))
  const part = (name, value, file) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"${file ? `; filename="${file}"` : ''}\r\n\r\n${value}\r\n`
  return random.pick([
    () => form(random),
    () => ({ type: 'application/json', body: JSON.stringify(anything(random)) }),
    () => ({
      type: 'application/json; charset=utf-8',
      body: JSON.stringify({ q: word, password: word, list: [word, 1, null] }),
    }),
    () => ({ type: 'application/json', body: JSON.stringify([word]) }),
    () => ({
      type: 'application/json',
      body: random.pick(['', '{', 'null', '"text"', '{"a":1}x', '[]', '{}', '{"__proto__":{"a":"stop-body"}}']),
    }),
    () => ({ type: 'application/json', body: JSON.stringify(nested(random.pick([5, 19, 20, 21, 30]))) }),
    () => ({
      type: 'application/json',
      body: JSON.stringify({ long: 'x'.repeat(random.pick([4095, 4096, 4097, 9000])), end: word }),
    }),
    () => ({
      type: 'application/json',
      body: JSON.stringify({ wide: Array.from({ length: random.pick([255, 256, 257, 600]) }, (_, n) => n), end: word }),
    }),
    () => ({ type: 'application/json', body: 'x'.repeat(120_000) }),
    () => ({ type: 'application/x-www-form-urlencoded', body: `q=${encodeURIComponent(word)}&a[b]=1&a[c][]=2` }),
    () => ({
      type: 'application/x-www-form-urlencoded',
      body: random.pick(['', 'a', '=', 'a=%zz', 'a=b&a=c', '%00=1']),
    }),
    () => ({ type: 'text/plain', body: word }),
    () => ({
      type: 'multipart/form-data; boundary=b',
      body: `${part('q', word)}${part('f', 'content', random.pick(['stop-file', 'a.txt']))}--b--\r\n`,
    }),
    () => ({ type: 'multipart/form-data; boundary=b', body: random.pick(['', '--b', part('q', 'cut')]) }),
    () => ({
      type: random.pick(['application/octet-stream', 'application/xml', '', 'APPLICATION/JSON']),
      body: `{"q":"${word}"}`,
    }),
  ])()
}

/**
 * One request: its method, target, headers as they go on the wire, one after the other, and body; `script` is what the
 * app is asked to do, for people, and `name` what its span is found by.
 */
export function randomRequest(random, name) {
  let method = random.chance(0.5)
    ? 'GET'
    : random.chance(0.8)
      ? 'POST'
      : random.pick(['HEAD', 'PUT', 'OPTIONS', 'DELETE', 'PATCH'])
  let target = random.pick(paths)
  let sent = method === 'GET' || method === 'HEAD' ? undefined : body(random)
  if (random.chance(0.12)) {
    method = 'POST'
    target = `/passport/${random.pick(['local', 'local', 'request', 'told'])}`
    sent = form(random)
  }
  if (random.chance(0.4)) {
    const pair = () => `${random.pick(keys)}${random.chance(0.95) ? '=' : ''}${random.pick(words)}`
    target += `${target.includes('?') ? '&' : '?'}${Array.from({ length: 1 + random.integer(3) }, pair).join('&')}`
  }
  const host = random.chance(0.9) ? 'shop.example' : random.pick(['shop.example:8443', 'UPPER.example', '[::1]:80'])
  const headers = [
    ['Host', host],
    ['X-Case', name],
  ]
  const add = (probability, header, values) => random.chance(probability) && headers.push([header, random.pick(values)])
  add(0.6, 'User-Agent', userAgents)
  add(0.5, 'Accept', accepts)
  add(0.3, 'Cookie', cookies)
  for (const [header, values] of Object.entries(otherHeaders)) add(0.06, header, values)
  for (let times = random.chance(0.5) ? 1 + random.integer(3) : 0; times > 0; times -= 1) {
    const header = random.pick(ipHeaders)
    const one = () => {
      const address = random.pick(addresses)
      if (header !== 'forwarded' || random.chance(0.15)) return address
      return random.pick([
        `for=${address}`,
        `For="${address}";proto=https`,
        `by=x;for=${address}`,
        `proto=http; for = ${address}`,
      ])
    }
    headers.push([header, Array.from({ length: 1 + random.integer(3) }, one).join(random.pick([', ', ',', ' ,']))])
  }
  if (random.chance(0.05)) headers.push(['X-Forwarded-For', '203.0.113.66'])
  if (random.chance(0.25)) headers.push(...propagation(random))
  if (sent?.type) headers.push(['Content-Type', sent.type])
  if (sent !== undefined) {
    headers.push(
      random.chance(0.9) ? ['Content-Length', String(Buffer.byteLength(sent.body))] : ['Transfer-Encoding', 'chunked'],
    )
  }
  const asked = random.chance(0.5) ? randomScript(random) : undefined
  if (asked !== undefined) headers.push(['X-Script', Buffer.from(JSON.stringify(asked)).toString('base64url')])
  return { method, target, headers, body: sent?.body, script: asked }
}
