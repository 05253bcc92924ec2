import { readText } from '../javascript-value.ts'
import { lowerAscii } from '../lower-ascii.ts'
import type { Processor } from '../processor.ts'
import { rememberByText } from '../remember-by-text.ts'
import { shortHash } from '../short-hash.ts'
import { hashKeysOf } from './key-list.ts'

/**
 * `http_endpoint_fingerprint`: `http-<method>-<path>-<query keys>-<body keys>`, all but the method hashed, empty where
 * there is nothing. Source: spec/waf-rules.md 2.8.
 */
export const httpEndpointFingerprint: Processor<'http_endpoint_fingerprint'> = {
  name: 'http_endpoint_fingerprint',
  inputs: [
    { name: 'method', required: true, isText: true },
    { name: 'uri_raw', required: true, isText: true },
    { name: 'query', required: false },
    { name: 'body', required: false },
  ],
  regenerates: true,
  generate([method, uriRaw, query, body]) {
    const verb = readText(method)
    const uri = readText(uriRaw)
    if (verb === undefined || uri === undefined) return undefined
    const path = seenPath(pathOf(uri))
    const queryKeys = hashKeysOf(query)
    const bodyKeys = hashKeysOf(body)
    const { last } = path
    if (last !== undefined && last.verb === verb && last.queryKeys === queryKeys && last.bodyKeys === bodyKeys)
      return last.fingerprint
    const fingerprint = `http-${lowerAscii(verb)}-${path.hash}-${queryKeys}-${bodyKeys}`
    path.last = { verb, queryKeys, bodyKeys, fingerprint }
    return fingerprint
  },
}

interface SeenPath {
  readonly hash: string
  /** The fingerprint of late, and what else it was made of. */
  last:
    | { readonly verb: string; readonly queryKeys: string; readonly bodyKeys: string; readonly fingerprint: string }
    | undefined
}

const seenPath = rememberByText((path): SeenPath => ({
  hash: path === '' ? '' : shortHash(lowerAscii(path)),
  last: undefined,
}))

function pathOf(uri: string): string {
  const mark = uri.indexOf('?')
  const path = mark < 0 ? uri : uri.slice(0, mark)
  const hash = path.indexOf('#')
  return hash < 0 ? path : path.slice(0, hash)
}
