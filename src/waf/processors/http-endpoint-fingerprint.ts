import { readText } from '../javascript-value.ts'
import type { Processor } from '../processor.ts'
import { shortHash } from '../short-hash.ts'
import { hashKeys, lowerAscii, sortedEntries } from './key-list.ts'

/**
 * `http_endpoint_fingerprint`: `http-<method>-<path>-<query keys>-<body keys>`, all but the method hashed, empty where
 * there is nothing. Source: spec/waf-rules.md 2.8.
 */
export const httpEndpointFingerprint: Processor<'http_endpoint_fingerprint'> = {
  name: 'http_endpoint_fingerprint',
  inputs: [
    { name: 'method', required: true },
    { name: 'uri_raw', required: true },
    { name: 'query', required: false },
    { name: 'body', required: false },
  ],
  regenerates: true,
  generate({ method, uri_raw, query, body }) {
    const verb = readText(method)
    const uri = readText(uri_raw)
    if (verb === undefined || uri === undefined) return undefined
    const end = uri.search(/[?#]/)
    const path = lowerAscii(end < 0 ? uri : uri.slice(0, end))
    const pathHash = path === '' ? '' : shortHash(path)
    return `http-${lowerAscii(verb)}-${pathHash}-${hashKeys(sortedEntries(query))}-${hashKeys(sortedEntries(body))}`
  },
}
