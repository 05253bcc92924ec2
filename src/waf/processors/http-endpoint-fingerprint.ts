import { readText } from '../javascript-value.ts'
import { lowerAscii } from '../lower-ascii.ts'
import type { Processor } from '../processor.ts'
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
    const path = seenPath(uri)
    const queryKeys = hashKeysOf(query)
    const bodyKeys = hashKeysOf(body)
    const kind = bodyKeys === '' ? 'bare' : 'withBody'
    const last = path[kind]
    if (last !== undefined && last.verb === verb && last.queryKeys === queryKeys && last.bodyKeys === bodyKeys)
      return last.fingerprint
    const fingerprint = `http-${lowerAscii(verb)}-${path.hash}-${queryKeys}-${bodyKeys}`
    path[kind] = { verb, queryKeys, bodyKeys, fingerprint }
    return fingerprint
  },
}

interface SeenPath {
  readonly path: string
  readonly hash: string
  /** The fingerprint of late before there was a body, as each request begins. */
  bare: SeenFingerprint | undefined
  withBody: SeenFingerprint | undefined
}

/** A fingerprint, and what it was made of beside the path. */
interface SeenFingerprint {
  readonly verb: string
  readonly queryKeys: string
  readonly bodyKeys: string
  readonly fingerprint: string
}

const QUESTION_MARK = 0x3f
const NUMBER_SIGN = 0x23
/** Paths remembered, each in the one place that its hash gives. */
const SLOTS = 512
/** Longest address whose path is remembered: V8 keeps the whole text for a part of it. */
const LONGEST = 2048
const slots: (SeenPath | undefined)[] = Array.from({ length: SLOTS })

/** What is remembered of the path that an address begins with: cut off for the look-up, it would cost more than the rest. */
function seenPath(uri: string): SeenPath {
  let hash = 0
  let length = 0
  for (; length < uri.length; length += 1) {
    const unit = uri.charCodeAt(length)
    if (unit === QUESTION_MARK || unit === NUMBER_SIGN) break
    hash = (Math.imul(hash, 31) + unit) | 0
  }
  const slot = (hash ^ (hash >>> 9)) & (SLOTS - 1)
  const seen = slots[slot]
  if (seen !== undefined && seen.path.length === length && beginsWith(uri, seen.path)) return seen
  const path = uri.slice(0, length)
  const fresh: SeenPath = {
    path,
    hash: path === '' ? '' : shortHash(lowerAscii(path)),
    bare: undefined,
    withBody: undefined,
  }
  if (uri.length <= LONGEST) slots[slot] = fresh
  return fresh
}

/** `startsWith`, several times as fast on texts of this length. */
function beginsWith(text: string, beginning: string): boolean {
  for (let at = 0; at < beginning.length; at += 1) if (text.charCodeAt(at) !== beginning.charCodeAt(at)) return false
  return true
}
