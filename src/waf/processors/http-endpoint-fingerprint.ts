import { readText } from '../javascript-value.ts'
import { lowerAscii } from '../lower-ascii.ts'
import type { Processor } from '../processor.ts'
import { shortHashOfLower } from '../short-hash.ts'
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
    const path = pathOf(uri)
    const pathHash = path === '' ? '' : shortHashOfLower(path)
    return `http-${lowerAscii(verb)}-${pathHash}-${hashKeysOf(query)}-${hashKeysOf(body)}`
  },
}

function pathOf(uri: string): string {
  const mark = uri.indexOf('?')
  const path = mark < 0 ? uri : uri.slice(0, mark)
  const hash = path.indexOf('#')
  return hash < 0 ? path : path.slice(0, hash)
}
