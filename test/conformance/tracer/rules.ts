import { ruleset } from '../../tracer/frameworks/ruleset.ts'

const fingerprints = [
  [
    'http_endpoint_fingerprint',
    '_dd.appsec.fp.http.endpoint',
    {
      method: 'server.request.method',
      uri_raw: 'server.request.uri.raw',
      body: 'server.request.body',
      query: 'server.request.query',
    },
  ],
  ['http_header_fingerprint', '_dd.appsec.fp.http.header', { headers: 'server.request.headers.no_cookies' }],
  ['http_network_fingerprint', '_dd.appsec.fp.http.network', { headers: 'server.request.headers.no_cookies' }],
  [
    'session_fingerprint',
    '_dd.appsec.fp.session',
    {
      cookies: 'server.request.cookies',
      session_id: 'usr.session_id',
      user_id: 'usr.id',
    },
  ],
] as const

/** The rules of the matrix of frameworks, and what a full ruleset has beyond rules that block. */
export const conformanceRules = {
  ...ruleset,
  actions: [
    ...ruleset.actions,
    { id: 'teapot', type: 'block_request', parameters: { status_code: 418, type: 'html' } },
    { id: 'oddly', type: 'redirect_request', parameters: { status_code: 200, location: 'https://example.com/' } },
    { id: 'in-json', type: 'block_request', parameters: { status_code: 409, type: 'json' } },
    { id: 'unheard', type: 'block_request', parameters: { type: 'smoke-signals' } },
    { id: 'nowhere', type: 'redirect_request', parameters: { status_code: 302 } },
    { id: 'unsendable', type: 'redirect_request', parameters: { location: '/\u4e2d' } },
    { id: 'collect-few', type: 'extended_data_collection', parameters: { max_collected_headers: 12 } },
    { id: 'collect', type: 'extended_data_collection', parameters: { max_collected_headers: 50 } },
  ],
  rules: [
    ...ruleset.rules,
    onQuery('teapot', 'stop-teapot', ['teapot']),
    onQuery('oddly', 'send-oddly', ['oddly']),
    onQuery('collect', 'collect-all', ['collect']),
    onQuery('collect-few', 'collect-few', ['collect-few']),
    onQuery('in-json', 'stop-json', ['in-json']),
    onQuery('unheard', 'stop-unheard', ['unheard']),
    onQuery('both', 'send-or-stop', ['block', 'away']),
    onQuery('nowhere', 'send-nowhere', ['nowhere']),
    onQuery('unsendable', 'send-unsendable', ['unsendable']),
    onQuery('monitored', 'only-monitored', ['monitor']),
    onQuery('undefined', 'stop-undefined', ['what-nobody-defined']),
    onValue('line', 'server.request.uri.raw', 'raw-target'),
    onValue('method', 'server.request.method', '^PATCH$'),
    onValue('session', 'usr.session_id', 'stop-session'),
    onValue('file', 'server.request.body.filenames', 'stop-file'),
    {
      ...onQuery('client', '', ['block']),
      conditions: [
        { operator: 'ip_match', parameters: { inputs: [{ address: 'http.client_ip' }], list: ['203.0.113.66'] } },
      ],
    },
    {
      ...onQuery('failure', '', []),
      conditions: [
        {
          operator: 'exists',
          parameters: { inputs: [{ address: 'server.business_logic.users.login.failure' }] },
        },
      ],
    },
    {
      ...onQuery('tagger', 'tag-me', []),
      output: {
        event: false,
        keep: true,
        attributes: {
          '_dd.appsec.trace.integer': { value: 662_607_015 },
          '_dd.appsec.trace.agent': { address: 'server.request.query', key_path: ['q'] },
        },
      },
    },
    {
      id: 'blk-001-002',
      name: 'blocked users',
      tags: { type: 'block_user', category: 'security_response' },
      conditions: [{ operator: 'exact_match', parameters: { inputs: [{ address: 'usr.id' }], data: 'blocked_users' } }],
      transformers: [],
      on_match: ['block'],
    },
  ],
  rules_data: [{ id: 'blocked_users', type: 'data_with_expiration', data: [{ value: 'blocked-user', expiration: 0 }] }],
  processors: [
    ...fingerprints.map(fingerprint),
    schema('_dd.appsec.s.req.body', 'server.request.body', []),
    // As rulesets have it whose schemas are for sampled requests.
    schema('_dd.appsec.s.req.query', 'server.request.query', [
      {
        operator: 'equals',
        parameters: {
          inputs: [{ address: 'waf.context.processor', key_path: ['extract-schema'] }],
          type: 'boolean',
          value: true,
        },
      },
    ]),
  ],
}

function fingerprint([generator, output, inputs]: (typeof fingerprints)[number]): object {
  return {
    id: generator,
    generator,
    conditions: [],
    parameters: {
      mappings: [
        {
          ...Object.fromEntries(Object.entries(inputs).map(([name, address]) => [name, [{ address }]])),
          output,
        },
      ],
    },
    evaluate: false,
    output: true,
  }
}

function schema(output: string, address: string, conditions: readonly object[]): object {
  return {
    id: output,
    generator: 'extract_schema',
    conditions,
    parameters: { mappings: [{ inputs: [{ address }], output }] },
    evaluate: false,
    output: true,
  }
}

function onQuery(id: string, regex: string, on_match: readonly string[]): object {
  return onValue(id, 'server.request.query', regex, on_match)
}

function onValue(id: string, address: string, regex: string, on_match: readonly string[] = ['block']): object {
  return {
    id,
    name: `the ${id} rule`,
    tags: { type: id, category: 'attack_attempt' },
    conditions: [{ operator: 'match_regex', parameters: { inputs: [{ address }], regex } }],
    transformers: [],
    on_match,
  }
}
