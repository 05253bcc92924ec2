/**
 * The four fingerprints, for every request: as addresses (a rule can match on them) and as tags (attacks are clustered
 * by them). Source: spec/waf-rules.md 2.8.
 */
export const fingerprintProcessors: readonly unknown[] = [
  fingerprint('http-endpoint-fingerprint', 'http_endpoint_fingerprint', '_dd.appsec.fp.http.endpoint', {
    method: 'server.request.method',
    uri_raw: 'server.request.uri.raw',
    query: 'server.request.query',
    body: 'server.request.body',
  }),
  fingerprint('http-header-fingerprint', 'http_header_fingerprint', '_dd.appsec.fp.http.header', {
    headers: 'server.request.headers.no_cookies',
  }),
  fingerprint('http-network-fingerprint', 'http_network_fingerprint', '_dd.appsec.fp.http.network', {
    headers: 'server.request.headers.no_cookies',
  }),
  fingerprint('session-fingerprint', 'session_fingerprint', '_dd.appsec.fp.session', {
    cookies: 'server.request.cookies',
    session_id: 'usr.session_id',
    user_id: 'usr.id',
  }),
]

function fingerprint(id: string, generator: string, output: string, inputs: Readonly<Record<string, string>>): unknown {
  const mapping = Object.fromEntries(Object.entries(inputs).map(([name, address]) => [name, [{ address }]]))
  return {
    id,
    generator,
    conditions: [],
    parameters: { mappings: [{ ...mapping, output }] },
    evaluate: true,
    output: true,
  }
}
