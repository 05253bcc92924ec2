/** A small ruleset: one rule a stage, each set off by a word of its own, so that a test can tell which stage blocked. */
export const ruleset = {
  version: '2.2',
  metadata: { rules_version: '1.2.3' },
  actions: [
    {
      id: 'away',
      type: 'redirect_request',
      parameters: { status_code: 302, location: 'https://example.com/stopped?id=[security_response_id]' },
    },
    { id: 'quiet', type: 'block_request', parameters: { status_code: 401, type: 'login_failure' } },
  ],
  rules: [
    onWord('query', 'server.request.query', 'stop-query'),
    onWord('cookies', 'server.request.cookies', 'stop-cookie'),
    onWord('headers', 'server.request.headers.no_cookies', 'stop-header'),
    onWord('body', 'server.request.body', 'stop-body'),
    onWord('params', 'server.request.path_params', 'stop-param'),
    onWord('response', 'server.response.headers.no_cookies', 'stop-response'),
    onWord('status', 'server.response.status', '^418$'),
    onWord('login', 'usr.login', '^mallory$'),
    onWord('away', 'server.request.query', 'send-away', ['away']),
    onWord('quiet', 'server.request.query', 'stop-quietly', ['quiet']),
    onWord('seen', 'server.request.query', 'only-seen', []),
    // Names in the order host, x-one, x-two.
    onWord('order', '_dd.appsec.fp.http.order', '^ord-3-e9081066$'),
  ],
}

function onWord(id: string, address: string, regex: string, on_match: string[] = ['block']): object {
  return {
    id,
    name: `the ${id} rule`,
    tags: { type: id, category: 'attack_attempt' },
    conditions: [{ operator: 'match_regex', parameters: { inputs: [{ address }], regex } }],
    transformers: [],
    on_match,
  }
}
