/** What both tracers are set to; `{directory}` is where rules.json, page.html and page.json are. */
const always = {
  DD_APPSEC_ENABLED: 'true',
  DD_APPSEC_RULES: '{directory}/rules.json',
  DD_APPSEC_TRACE_RATE_LIMIT: '100000',
  // A busy machine must not decide what is seen.
  DD_APPSEC_WAF_TIMEOUT: '10000000',
  DD_APPSEC_RASP_ENABLED: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_CODE_ORIGIN_FOR_SPANS_ENABLED: 'false',
  DD_SERVICE: 'shop',
  // By which the span of a request is found.
  DD_TRACE_HEADER_TAGS: 'x-case:case',
}

const variants = {
  plain: {},
  recommended: { DD_APPSEC_RULES: '{recommended}' },
  anonymous: { DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE: 'anonymization', DD_ENV: 'prod', DD_VERSION: '1.2' },
  nobody: {
    DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE: 'disabled',
    DD_TAGS: 'team:red,path:a:b, spaced : v w,empty:,:x,service:other',
  },
  off: {
    DD_APPSEC_ENABLED: 'false',
    DD_TRACE_CLIENT_IP_ENABLED: 'true',
    DD_TRACE_HEADER_TAGS: 'x-case:case,X-Mine,x-two:my.two,content-language,x-other:my.other,User-Agent',
  },
  'own address': { DD_TRACE_CLIENT_IP_HEADER: 'X-Mine', DD_TRACE_CLIENT_IP_ENABLED: 'true' },
  pages: {
    DD_APPSEC_HTTP_BLOCKED_TEMPLATE_HTML: '{directory}/page.html',
    DD_APPSEC_HTTP_BLOCKED_TEMPLATE_JSON: '{directory}/page.json',
  },
  collecting: {
    DD_APPSEC_COLLECT_ALL_HEADERS: 'true',
    DD_APPSEC_HEADER_COLLECTION_REDACTION_ENABLED: 'false',
    DD_APPSEC_MAX_COLLECTED_HEADERS: '8',
  },
  obfuscating: {
    DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP: 'mine=[^&]+|q',
    DD_APPSEC_OBFUSCATION_PARAMETER_KEY_REGEXP: 'favourite|mine',
    DD_APPSEC_OBFUSCATION_PARAMETER_VALUE_REGEXP: 'only|hide-me',
  },
  'no query': {
    DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP: '.*',
    DD_APPSEC_OBFUSCATION_PARAMETER_KEY_REGEXP: '',
    DD_APPSEC_OBFUSCATION_PARAMETER_VALUE_REGEXP: '',
  },
  standalone: { DD_APM_TRACING_ENABLED: 'false' },
}

export const environments = Object.entries(variants).map(([name, variables]) => ({
  name,
  variables: { ...always, ...variables },
}))
