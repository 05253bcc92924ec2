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
    { id: 'collect', type: 'extended_data_collection', parameters: { max_collected_headers: 50 } },
  ],
  rules: [
    ...ruleset.rules,
    onQuery('teapot', 'stop-teapot', ['teapot']),
    onQuery('oddly', 'send-oddly', ['oddly']),
    onQuery('collect', 'collect-all', ['collect']),
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
  return {
    id,
    name: `the ${id} rule`,
    tags: { type: id, category: 'attack_attempt' },
    conditions: [{ operator: 'match_regex', parameters: { inputs: [{ address: 'server.request.query' }], regex } }],
    transformers: [],
    on_match,
  }
}
