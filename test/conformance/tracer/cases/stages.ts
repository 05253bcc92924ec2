import { form, nested, type TracerCase } from './tracer-case.ts'

function multipart(disposition: string, content: string): Pick<TracerCase, 'method' | 'headers' | 'body'> {
  const lines = ['--XX', `content-disposition: form-data; ${disposition}`, '', content, '--XX--', '']
  return { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=XX' }, body: lines.join('\r\n') }
}

export const stageCases: readonly TracerCase[] = [
  {
    says: '2.3: cookies',
    path: '/ok',
    headers: { cookie: 'a=stop-cookie' },
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server.request.cookies","key_path":\["a"\]/ },
  },
  {
    says: '2.3: a JSON body',
    path: '/ok',
    method: 'POST',
    body: { deep: [{ er: 'stop-body' }] },
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server.request.body","key_path":\["deep","0","er"\]/ },
  },
  {
    says: '2.3: path parameters',
    path: '/users/stop-param',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server.request.path_params","key_path":\["id"\]/ },
  },
  {
    says: '2.3: response headers',
    path: '/leak',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server.response.headers.no_cookies","key_path":\["x-secret"\]/ },
  },
  {
    says: '2.3: the response status is text',
    path: '/teapot',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server.response.status".*"value":"418"/ },
  },
  {
    says: '2.3: the session id of setUser',
    path: '/set-user',
    status: 200,
    meta: { '_dd.appsec.fp.session': /^ssn-[0-9a-f]{8}---[0-9a-f]{8}$/ },
  },
  {
    says: '2.3: what the reference no longer looks at is looked at: a long text, many entries, deep ones',
    path: '/ok',
    method: 'POST',
    body: { long: 'x'.repeat(5_000), wide: Array.from({ length: 300 }, () => 1), deep: nested(25, 'stop-body') },
    status: 403,
    metrics: {
      '_dd.appsec.truncated.string_length': undefined,
      '_dd.appsec.truncated.container_size': undefined,
      '_dd.appsec.truncated.container_depth': undefined,
    },
  },
  {
    says: '2.3: path parameters of a route behind a closure',
    path: '/inner/stop-param',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server.request.path_params","key_path":\["id"\]/ },
  },
  {
    says: '2.3: the line of the request, as it came',
    path: '/ok?x=raw-target',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.uri\.raw","key_path":\[\],"value":"\/ok\?x=raw-target"/ },
  },
  {
    says: '2.3: the method',
    path: '/ok',
    method: 'PATCH',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.method","key_path":\[\],"value":"PATCH"/ },
  },
  {
    says: '2.3: a header, by its name in lower case',
    path: '/ok',
    headers: { 'X-Thing': 'stop-header' },
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.headers\.no_cookies","key_path":\["x-thing"\]/ },
  },
  {
    says: '2.3: cookies are not among the headers',
    path: '/ok',
    headers: { cookie: 'a=stop-header' },
    status: 200,
    meta: { 'appsec.event': undefined },
  },
  {
    says: '2.3: the address of the client',
    path: '/ok',
    headers: { 'x-forwarded-for': '203.0.113.66' },
    status: 403,
    meta: {
      '_dd.appsec.json': /"operator":"ip_match".*"address":"http\.client_ip","key_path":\[\],"value":"203\.0\.113\.66"/,
    },
  },
  {
    says: '2.3: a form',
    path: '/ok',
    ...form({ field: 'stop-body' }),
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.body","key_path":\["field"\]/ },
  },
  {
    says: '2.3: a text',
    path: '/ok',
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'stop-body',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.body","key_path":\[\],"value":"stop-body"/ },
  },
  {
    says: '2.3: a field of a multipart form',
    path: '/upload',
    ...multipart('name="field"', 'stop-body'),
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.body","key_path":\["field"\]/ },
  },
  {
    says: '2.3: what an uploaded file is called',
    path: '/upload',
    ...multipart('name="file"; filename="stop-file.txt"', 'content'),
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.body\.filenames".*"value":"stop-file\.txt"/ },
  },
  {
    says: '2.3: a body that its parser refuses is an error of the app, and no event',
    path: '/ok',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":',
    status: 400,
    meta: { 'appsec.event': undefined },
    error: 0,
  },
  {
    says: '2.3: a body that only the handler parsed is looked at when the request ends',
    path: '/parses-itself',
    method: 'POST',
    headers: { 'content-type': 'application/own' },
    body: '{"a":"stop-body"}',
    status: 200,
    meta: {
      'appsec.event': 'true',
      'appsec.blocked': undefined,
      '_dd.appsec.json': /"address":"server\.request\.body"/,
    },
  },
  {
    says: '2.3: the id of a session of express-session',
    path: '/sessions/me',
    headers: { 'x-session': 'stop-session' },
    status: 403,
    meta: {
      'appsec.blocked': 'true',
      '_dd.appsec.json': /"address":"usr\.session_id","key_path":\[\],"value":"stop-session"/,
    },
  },
  {
    says: '2.3: a query with lists and records',
    path: '/ok?a[b]=1&a[c]=stop-query',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.query","key_path":\["a(?:\[c\]"|","c")/ },
  },
  {
    says: '2.3: parameters of a mount and of a route',
    path: '/mount/stop-param/b/2',
    status: 403,
    meta: { '_dd.appsec.json': /"address":"server\.request\.path_params","key_path":\["m"\]/ },
  },
]
