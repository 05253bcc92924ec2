import { isIPv6 } from 'node:net'
import { isDeepStrictEqual } from 'node:util'

/**
 * The ways in which we mean to differ from `dd-trace`, each with its reason (numbers of spec/tracer.md). `explains` is
 * given one difference (`path`, `ours`, `theirs`), the request, the variables, and `all` that each tracer showed.
 */
export const knownDifferences = [
  {
    why: 'tags that only we have (1.4, 1.6)',
    explains: ({ path, theirs }) =>
      theirs === undefined &&
      /^meta\.(?:_dd\.portcullis\.|_dd\.appsec\.fp\.http\.order$|network\.client\.ip$|_dd\.runtime_family$)|^metrics\._dd\.top_level$/.test(
        path,
      ),
  },
  {
    why: 'tags that only the reference has, of its process, its samplers and its other products',
    explains: ({ path, ours }) =>
      ours === undefined &&
      /^(?:meta\.(?:service|http\.endpoint|_dd\.sdk\.otlp_export|_dd\.tags\.process|_dd\.git\..*|_dd\.integration|_dd\.svc_src|_dd\.appsec\.s\..*|_dd\.span_links|_dd\.parent_id)|metrics\._dd\.(?:agent_psr|rule_psr|limit_psr|tracer_kr))$/.test(
        path,
      ),
  },
  {
    why: 'the process, and the second in which a trace began',
    explains: ({ path, ours, theirs }) =>
      path === 'meta.runtime-id' ||
      (path === 'meta._dd.p.tid' && /^[0-9a-f]{8}0{8}$/.test(ours) && /^[0-9a-f]{8}0{8}$/.test(theirs)),
  },
  {
    why: 'our own words on the block page, no-store, and the length also of none (1.5)',
    explains: ({ path, theirs, variables, all }) =>
      (variables.DD_APPSEC_HTTP_BLOCKED_TEMPLATE_JSON === undefined || theirs === undefined) &&
      /^(?:reply\.(?:body|headers\.(?:content-length|cache-control))|meta\.http\.response\.headers\.(?:content-length|cache-control))$/.test(
        path,
      ) &&
      isBlocked(all.ours) &&
      isBlocked(all.theirs),
  },
  {
    why: 'the names of all headers, and harmless values, on login events (1.6)',
    explains: ({ path, theirs, all }) =>
      theirs === undefined &&
      path.startsWith('meta.http.request.headers.') &&
      Object.keys(all.ours).some((name) => name.startsWith('meta.appsec.events.')),
  },
  {
    why: 'the block page is not run through the response stage (1.5): the reference finds what else the request matches, and may block otherwise',
    explains: ({ path, all }) => {
      const [ours, theirs] = [rulesOf(all.ours), rulesOf(all.theirs)]
      if (isBlocked(all.ours) && isBlocked(all.theirs) && /^(?:meta|metrics)\._dd\.appsec\.trace\./.test(path))
        return true
      return (
        isBlocked(all.ours) &&
        isBlocked(all.theirs) &&
        ours.length > 0 &&
        ours.length < theirs.length &&
        ours.every((id) => theirs.includes(id)) &&
        OUTCOME.test(path)
      )
    },
  },
  {
    why: 'the component is the framework also where a block came before it',
    explains: ({ path, theirs, all }) =>
      (path === 'span.name' && theirs === 'web.request') ||
      (path === 'meta.component' && all.theirs['span.name'] === 'web.request'),
  },
  {
    why: 'frames of the tracer in the stack of an error',
    explains: ({ path, ours, theirs }) =>
      path === 'meta.error.stack' && ours !== undefined && ours.split('\n')[0] === theirs?.split('\n')[0],
  },
  {
    why: 'sampling that comes from outside neither keeps nor drops, and its tags are not repeated (1.6)',
    explains: ({ path, request }) =>
      /^(?:metrics\._sampling_priority_v1|meta\._dd\.p\.(?!tid))/.test(path) &&
      request.headers.some(([name]) => /^(?:x-datadog-|traceparent|tracestate)/.test(name)),
  },
  {
    why: 'addresses are told in canonical form; a v4-mapped one is its IPv4 address; none has a zone; IPv6 may end in dots (1.4)',
    explains: ({ path, request, all }) => {
      const [ours, theirs] = [all.ours, all.theirs].map((seen) => seen['meta.http.client_ip'])
      if (
        ours === theirs ||
        (canonical(theirs) !== ours && !request.headers.some(([, value]) => ODD_ADDRESS.test(value)))
      )
        return false
      return path === 'meta.http.client_ip' || [all.ours, all.theirs].some((seen) => rulesOf(seen).includes('client'))
    },
  },
  {
    why: 'names of files in forms are inspected, by a rule that the reference never feeds',
    explains: ({ all }) => rulesOf(all.ours).includes('file') && !rulesOf(all.theirs).includes('file'),
  },
  {
    why: 'what a request would be stopped for at a later stage of the reference is judged with the line: rules on the query may come first, and the fingerprint has the query',
    explains: ({ path, ours, theirs, all }) =>
      isBlocked(all.ours) &&
      isBlocked(all.theirs) &&
      (path === 'meta._dd.appsec.fp.http.endpoint'
        ? ours?.replace(/-[0-9a-f]*-[0-9a-f]*$/, '--') === theirs?.replace(/-[0-9a-f]*-[0-9a-f]*$/, '--')
        : isQueryEvent(all.ours) && !isQueryEvent(all.theirs) && OUTCOME.test(path)),
  },
  {
    why: 'q-values, parameters and letter case of Accept count (1.5)',
    explains: ({ path, request, all }) =>
      /^(?:reply\.body|(?:reply|meta\.http\.response)\.headers\.content-(?:type|length))$/.test(path) &&
      all.ours['reply.headers.content-type'] !== all.theirs['reply.headers.content-type'] &&
      isBlocked(all.ours) &&
      isBlocked(all.theirs) &&
      request.headers.some(([name, value]) => name === 'Accept' && /;|[A-Z]|\*/.test(value)),
  },
  {
    why: 'the status that was sent is told, and an error of 500 by that; the reference tells that which the app set too late',
    explains: ({ path, all }) =>
      (all.theirs['meta.http.status_code'] !== String(all.theirs['reply.status']) || !all.ours['reply.whole']) &&
      /^(?:span\.error|meta\.(?:error\..*|http\.status_code))$/.test(path),
  },
  {
    why: 'values below the keys of sessions are hidden, and those below secret keys also in bodies that are recorded',
    explains: ({ path, ours, theirs }) =>
      (path === 'meta._dd.appsec.json' || path === 'structs.http.request.body') &&
      /<redacted>/i.test(JSON.stringify(ours)) &&
      JSON.stringify(rulesOf({ 'meta._dd.appsec.json': ours })) ===
        JSON.stringify(rulesOf({ 'meta._dd.appsec.json': theirs })),
  },
  {
    why: 'an id is text, so that 7 is "7" (1.1)',
    explains: ({ path, request }) =>
      /^meta\.(?:_dd\.appsec\.fp\.session|appsec\.events\.users\.login\.success\.usr\.login)/.test(path) &&
      /"id":(?:-?\d|true|[[{]|"\$)/.test(JSON.stringify(request.script)),
  },
  {
    why: 'malformed ids of a trace are none; where both formats name a trace the W3C parent counts',
    explains: ({ path, request }) =>
      /^(?:span\.(?:parent_id|trace_id)|meta\._dd\.(?:origin|p\.tid))$/.test(path) &&
      request.headers.some(
        ([name, value]) => name === 'x-datadog-trace-id' || (name === 'traceparent' && /[A-F]/.test(value)),
      ),
  },
  {
    why: 'the key __proto__ is one like others',
    explains: ({ path, theirs, ours }) =>
      (theirs === undefined && path.endsWith('__proto__')) || JSON.stringify(ours)?.includes('__proto_'),
  },
  {
    why: 'automatic login events are recorded without AppSec as well',
    explains: ({ path, variables, request }) =>
      variables.DD_APPSEC_ENABLED === 'false' &&
      request.target.startsWith('/passport/') &&
      /^(?:metrics\._sampling_priority_v1|meta\.(?:usr\.|appsec\.events\.users\.login|_dd\.p\.dm|_dd\.appsec\.(?:usr|user|events)\.))/.test(
        path,
      ),
  },
  {
    why: 'a block by hand is one without AppSec as well',
    explains: ({ variables, all }) => variables.DD_APPSEC_ENABLED === 'false' && isBlocked(all.ours),
  },
  {
    why: 'of the rules of a type the first of the file tells; the reference takes them in the order of a hash table (waf-rules.md 1)',
    explains: ({ path, ours, theirs }) => path === 'meta._dd.appsec.json' && typesOf(ours) === typesOf(theirs),
  },
  {
    why: 'where a custom header names no address it is that of the peer (1.4)',
    explains: ({ path, theirs, variables }) =>
      path === 'meta.http.client_ip' && theirs === undefined && variables.DD_TRACE_CLIENT_IP_HEADER !== undefined,
  },
  {
    why: 'a space before for= is none of it: the reference misses such an element',
    explains: ({ path, request }) =>
      path === 'meta.http.client_ip' && /[,;]\s+for=/i.test(valuesOf(request, 'forwarded').join(', ')),
  },
  {
    why: 'nothing is kept for the sake of its schemas',
    explains: ({ path, theirs, all }) =>
      all.theirs['metrics._dd.apm.enabled'] === 0 &&
      all.theirs['meta._dd.p.ts'] === '02' &&
      all.theirs['meta.appsec.event'] === undefined &&
      /^(?:metrics\._sampling_priority_v1|meta\._dd\.p\.(?:dm|ts))$/.test(path),
  },
  {
    why: 'who kept a trace is told also where it is kept at the end',
    explains: ({ path, ours, theirs, all }) =>
      path === 'meta._dd.p.dm' && ours === '-5' && theirs === '-0' && all.theirs['metrics._sampling_priority_v1'] === 2,
  },
  {
    why: 'CORS headers that are set stay on a block (1.5)',
    explains: ({ path, theirs, all }) =>
      theirs === undefined &&
      /^(?:reply|meta\.http\.response)\.headers\.(?:access-control-|vary$)/.test(path) &&
      isBlocked(all.ours),
  },
  {
    why: 'of the rules that would stop a request the first of the file does, or one that redirects; the reference takes them in the order of a hash table',
    explains: ({ path, request, all }) =>
      isBlocked(all.ours) &&
      isBlocked(all.theirs) &&
      OUTCOME.test(path) &&
      request.target.match(/=s(?:top|end)-/g)?.length > 1,
  },
  {
    why: 'who is refused by his login stays refused in that request',
    explains: ({ path, all }) => path === 'reply.headers.x-returned' && rulesOf(all.ours).includes('login'),
  },
  {
    why: 'no cookie goes out with a block',
    explains: ({ path, ours, all }) => ours === undefined && /headers\.set-cookie$/.test(path) && isBlocked(all.ours),
  },
  {
    why: 'a mounted path below which no route was found is no route',
    explains: ({ path, theirs }) =>
      /^(?:meta\.(?:http\.route|_dd\.appsec\.normalized_route)|span\.resource)$/.test(path) &&
      /\/mount\/(?::m|\{m\})$/.test(theirs),
  },
  {
    why: 'what is beyond the bounds of the reference, and within ours',
    explains: ({ path, ours, theirs }) =>
      (ours === undefined && path.startsWith('metrics._dd.appsec.truncated.')) ||
      (path === 'meta._dd.appsec.s.req.body' && /"len":256,"truncated"/.test(JSON.stringify(theirs))),
  },
  {
    why: 'fields of a form are judged before its handler (2.3); the reference finds them at the end',
    explains: ({ path, request, all }) =>
      request.headers.some(([name, value]) => name === 'Content-Type' && value.startsWith('multipart/')) &&
      isBlocked(all.ours) &&
      !isBlocked(all.theirs) &&
      rulesOf(all.ours).every((id) => rulesOf(all.theirs).includes(id)),
  },
  {
    why: 'a null in a recorded body is told',
    explains: ({ path, ours, theirs }) =>
      path === 'structs.http.request.body' && isDeepStrictEqual(withoutNulls(ours), withoutNulls(theirs)),
  },
  {
    why: 'a second block by hand is none that failed',
    explains: ({ path, all, request }) =>
      path === 'metrics._dd.appsec.block.failed' &&
      isBlocked(all.ours) &&
      request.script?.filter(([name]) => name.startsWith('block')).length > 1,
  },
  {
    why: 'a header of a response with several values is recorded, too',
    explains: ({ path, ours, theirs }) =>
      /^meta\.(?:my\.other|http\.response\.headers\.)/.test(path) && theirs === undefined && ours?.includes(','),
  },
]

const ODD_ADDRESS = /%|::ffff:|:\d+\.\d/
/** What follows from which rule stopped a request. */
const OUTCOME =
  /^(?:reply\.|meta\.(?:http\.(?:response|request)\.headers\.|http\.status_code|_dd\.appsec\.(?:json|trace\.))|metrics\._dd\.appsec\.(?:trace|request\.header|response\.header)|structs\.)/
const isQueryEvent = (seen) => JSON.stringify(seen['meta._dd.appsec.json'] ?? '').includes('"server.request.query"')
const valuesOf = ({ headers }, wanted) => headers.flatMap(([name, value]) => (name === wanted ? [value] : []))
const typesOf = (json) => JSON.stringify((json?.triggers ?? []).map(({ rule }) => rule.tags.type).sort())
const isBlocked = (seen) => seen['meta.appsec.blocked'] === 'true'
const rulesOf = (seen) => (seen['meta._dd.appsec.json']?.triggers ?? []).map(({ rule }) => rule.id)
const canonical = (address) =>
  isIPv6(address) ? new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1) : address

/** Without nulls, and without what holds nothing else. */
function withoutNulls(value) {
  if (value === null || typeof value !== 'object') return value ?? undefined
  const kept = Object.entries(value)
    .map(([key, one]) => [key, withoutNulls(one)])
    .filter(([, one]) => one !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}
