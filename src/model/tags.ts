/**
 * Span tag names. They are those of the Datadog tracers, so that existing agents, queries and dashboards keep working;
 * what starts with `_dd.portcullis.` is ours.
 */
export const tag = {
  env: 'env',
  version: 'version',
  component: 'component',
  spanKind: 'span.kind',
  httpMethod: 'http.method',
  httpUrl: 'http.url',
  httpRoute: 'http.route',
  httpStatusCode: 'http.status_code',
  httpUseragent: 'http.useragent',
  httpClientIp: 'http.client_ip',
  networkClientIp: 'network.client.ip',
  runtimeFamily: '_dd.runtime_family',
  appsecEnabled: '_dd.appsec.enabled',
  appsecEvent: 'appsec.event',
  appsecBlocked: 'appsec.blocked',
  appsecBlockFailed: '_dd.appsec.block.failed',
  appsecJson: '_dd.appsec.json',
  appsecRulesVersion: '_dd.appsec.event_rules.version',
  origin: '_dd.origin',
  decisionMaker: '_dd.p.dm',
  traceIdHigh: '_dd.p.tid',
  traceSource: '_dd.p.ts',
  apmEnabled: '_dd.apm.enabled',
  samplingPriority: '_sampling_priority_v1',
  topLevel: '_dd.top_level',
  userCollectionMode: '_dd.appsec.user.collection_mode',
  usrId: 'usr.id',
  usrLogin: 'usr.login',
  usrExists: 'usr.exists',
  usrSessionId: 'usr.session_id',
  ipSource: '_dd.portcullis.ip_source',
  headerOrder: '_dd.appsec.fp.http.order',
} as const

/** Prefix of the tags of a business-logic event: `appsec.events.<event>.<key>`. */
export const eventPrefix = 'appsec.events.'
/** Prefix of a tagged request header: `http.request.headers.<name>`. */
export const requestHeaderPrefix = 'http.request.headers.'
/** Prefix of a tagged response header. */
export const responseHeaderPrefix = 'http.response.headers.'

/** How far a client address can be trusted (`_dd.portcullis.ip_source`). */
export type IpSource = 'socket' | 'trusted' | 'claimed'

/** Names of the events that the shipped detection rules know. */
export const eventName = {
  loginSuccess: 'users.login.success',
  loginFailure: 'users.login.failure',
  signup: 'users.signup',
  passwordReset: 'users.password_reset',
} as const
