/** How a setting's text is read. */
export type SettingType =
  | 'text'
  | 'url'
  | 'list'
  | 'map'
  | 'tags'
  | 'flag'
  | 'tristate'
  | 'count'
  | 'seconds'
  | 'microseconds'
  | 'choice'

/** One row of the table: the programmatic option, the environment names, what is accepted, and what it is for. */
export interface Setting {
  readonly type: SettingType
  /** Environment names in order; each also counts with `DD_` before it, unless it starts with `OTEL_`. */
  readonly env: readonly string[]
  readonly default: unknown
  readonly accepts?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** What counts in place of a value that is not accepted; without it, the next source does. */
  readonly whenRefused?: unknown
  readonly meaning: string
}

/**
 * Every setting of the tracer: the one place where names, defaults and meanings stand.
 * Names and defaults are those of the Datadog tracer where it has them (spec/tracer.md 1.2 and 2.2).
 */
export const settings = {
  enabled: { type: 'flag', env: ['TRACE_ENABLED'], default: true, meaning: 'Whether the tracer does anything at all.' },
  service: {
    type: 'text',
    env: ['SERVICE'],
    default: 'node',
    meaning: 'Name of the service on every span.',
  },
  env: { type: 'text', env: ['ENV'], default: '', meaning: 'Deployment environment, such as `production`.' },
  version: { type: 'text', env: ['VERSION'], default: '', meaning: 'Version of the service.' },
  agentUrl: {
    type: 'url',
    env: ['TRACE_AGENT_URL'],
    default: 'http://127.0.0.1:8126',
    meaning:
      'Where spans go and remote configuration comes from: a collector or a Datadog Agent; `unix:///path` works too.',
  },
  agentHost: {
    type: 'text',
    env: ['AGENT_HOST', 'TRACE_AGENT_HOSTNAME'],
    default: '127.0.0.1',
    meaning: 'Host of the agent, where `agentUrl` is not set.',
  },
  agentPort: {
    type: 'count',
    env: ['TRACE_AGENT_PORT'],
    default: 8_126,
    min: 1,
    max: 65_535,
    meaning: 'Port of the agent, where `agentUrl` is not set.',
  },
  tags: {
    type: 'tags',
    env: ['TAGS'],
    default: {},
    meaning:
      'Tags of every span; `service`, `env` and `version` among them count where the settings of these names are not set.',
  },
  apmTracing: {
    type: 'flag',
    env: ['APM_TRACING_ENABLED', 'TRACING_ENABLED'],
    default: true,
    meaning: '`false` keeps traces with security events, and the first of each minute.',
  },
  appsecStandalone: {
    type: 'flag',
    env: ['EXPERIMENTAL_APPSEC_STANDALONE_ENABLED'],
    default: false,
    meaning: 'Older name: `true` does what `apmTracing` does when it is `false`.',
  },
  exporter: {
    type: 'choice',
    env: ['EXPORTER'],
    default: 'datadog',
    accepts: ['datadog', 'otlp', 'none'],
    meaning: 'Protocol of the spans; `none` ships nothing and tags the active OpenTelemetry span.',
  },
  otlpEndpoint: {
    type: 'url',
    env: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
    default: 'http://127.0.0.1:4318',
    meaning: 'Base address for `EXPORTER=otlp`.',
  },
  otlpHeaders: {
    type: 'map',
    env: ['OTEL_EXPORTER_OTLP_HEADERS'],
    default: {},
    meaning: 'Headers for `EXPORTER=otlp`, as `name=value,…`.',
  },
  exitTimeoutMs: {
    type: 'count',
    env: ['TRACE_EXIT_TIMEOUT_MS'],
    default: 2_000,
    max: 60_000,
    meaning: 'Longest time `stop()` waits for spans to be sent, in milliseconds.',
  },
  appsecEnabled: {
    type: 'tristate',
    env: ['APPSEC_ENABLED'],
    default: undefined,
    meaning:
      'In-App WAF and denylist: unset waits for the collector to switch it on, `true` is on, `false` is off for good.',
  },
  appsecBlocking: {
    type: 'flag',
    env: ['APPSEC_BLOCKING'],
    default: true,
    meaning: 'Local kill switch: `false` reports everything and blocks nothing, whatever remote configuration says.',
  },
  rulesFile: {
    type: 'text',
    env: ['APPSEC_RULES'],
    default: '',
    meaning: 'Rules file (JSON) in place of the default ruleset; remote rules and lists are then left alone.',
  },
  wafTimeoutUs: {
    type: 'microseconds',
    env: ['APPSEC_WAF_TIMEOUT'],
    default: 5_000,
    min: 1,
    meaning: 'Time budget of one WAF run, in microseconds.',
  },
  traceRateLimit: {
    type: 'count',
    env: ['APPSEC_TRACE_RATE_LIMIT'],
    default: 100,
    min: -1,
    meaning: 'Traces with WAF events kept a second, -1 for all; login events are not limited.',
  },
  obfuscationKeyRegex: {
    type: 'text',
    env: ['APPSEC_OBFUSCATION_PARAMETER_KEY_REGEXP'],
    default:
      'pass|pw(?:or)?d|secret|(?:api|private|public|access|app|application)[-_]?key|token|sess(?:ion|id)|(?:^|[-_.])sid|credential|consumer[-_]?(?:id|key|secret)|sign(?:ed|ature)|authorization|bearer|jwt',
    meaning: 'Values below a matching key are hidden in WAF events.',
  },
  obfuscationValueRegex: {
    type: 'text',
    env: ['APPSEC_OBFUSCATION_PARAMETER_VALUE_REGEXP'],
    default:
      '(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key)(?:\\s*=\\s*[^;&]+|"\\s*:\\s*"[^"]+")|bearer\\s+[a-z0-9._\\-]+|eyJ[\\w=-]+\\.[\\w=-]+(?:\\.[\\w.+/=-]+)?|gh[opsu]_[0-9a-z]{36}|-----BEGIN[A-Z ]+PRIVATE KEY-----',
    meaning: 'Matching values are hidden in WAF events.',
  },
  blockedTemplateHtml: {
    type: 'text',
    env: ['APPSEC_HTTP_BLOCKED_TEMPLATE_HTML'],
    default: '',
    meaning: 'File with the HTML block page; `[security_response_id]` is filled in.',
  },
  blockedTemplateJson: {
    type: 'text',
    env: ['APPSEC_HTTP_BLOCKED_TEMPLATE_JSON'],
    default: '',
    meaning: 'File with the JSON block reply; `[security_response_id]` is filled in.',
  },
  autoUserMode: {
    type: 'choice',
    env: ['APPSEC_AUTO_USER_INSTRUMENTATION_MODE', 'APPSEC_AUTOMATED_USER_EVENTS_TRACKING'],
    default: 'identification',
    accepts: ['identification', 'anonymization', 'disabled', 'ident', 'anon', 'extended', 'safe'],
    // Whoever mistypes a word for less must not get more.
    whenRefused: 'disabled',
    meaning: 'What automatic login events record of users: their ids, a hash of them, or nothing.',
  },
  clientIpHeader: {
    type: 'text',
    env: ['TRACE_CLIENT_IP_HEADER'],
    default: '',
    meaning: 'The one header that names the client’s address.',
  },
  trustedProxies: {
    type: 'list',
    env: ['TRUSTED_PROXIES'],
    default: [],
    meaning: 'Addresses and CIDR blocks of proxies whose forwarding headers are believed.',
  },
  requestHeaderTags: {
    type: 'list',
    env: ['TRACE_REQUEST_HEADER_TAGS', 'TRACE_HEADER_TAGS'],
    default: [],
    meaning: 'Request and response headers to record on every span, as `header` or `header:tag`.',
  },
  collectAllHeaders: {
    type: 'flag',
    env: ['APPSEC_COLLECT_ALL_HEADERS'],
    default: false,
    meaning: 'With `headerRedaction` at `false`: records all headers of requests and responses with a security event.',
  },
  maxCollectedHeaders: {
    type: 'count',
    env: ['APPSEC_MAX_COLLECTED_HEADERS'],
    default: 50,
    meaning: 'Most headers of a request, and of a response, where all are recorded.',
  },
  headerRedaction: {
    type: 'flag',
    env: ['APPSEC_HEADER_COLLECTION_REDACTION_ENABLED'],
    default: true,
    meaning: '`true` keeps `collectAllHeaders` from taking effect. Headers that hold secrets are hidden either way.',
  },
  queryObfuscationRegex: {
    type: 'text',
    env: ['TRACE_OBFUSCATION_QUERY_STRING_REGEXP'],
    default:
      '(?:pass(?:word|wd|phrase)?|pw(?:or)?d|secret|token|api[-_]?key|(?:private|public|access|app)[-_]?key(?:[-_]?id)?|consumer[-_]?(?:id|key|secret)|sign(?:ed|ature)?|auth(?:entication|orization)?|session(?:[-_]?id)?|credentials?)(?:\\s|%20)*(?:=|%3D)[^&]+|bearer(?:\\s|%20)+[\\w.~+/-]+|(?<![\\w-])eyJ[\\w-]+(?:=|%3D)*\\.[\\w-]+(?:=|%3D)*(?:\\.[\\w.+/=%-]+)?|gh[opsu]_[0-9a-zA-Z]{36}',
    meaning: 'Parts of a query string to hide in `http.url`; empty hides nothing, `.*` everything.',
  },
  remoteConfigEnabled: {
    type: 'flag',
    env: ['REMOTE_CONFIGURATION_ENABLED', 'REMOTE_CONFIG_ENABLED'],
    default: true,
    meaning: 'Whether rules, lists and switches are taken from the collector.',
  },
  remoteConfigPollSeconds: {
    type: 'seconds',
    env: ['REMOTE_CONFIG_POLL_INTERVAL_SECONDS'],
    default: 5,
    min: 0.1,
    max: 3_600,
    meaning: 'Seconds between polls where the server does not hold them open.',
  },
  remoteConfigCache: {
    type: 'text',
    env: ['REMOTE_CONFIG_CACHE'],
    default: '',
    meaning:
      'File that keeps the last good remote configuration, so that a restart without a collector stays protected.',
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings
