import type { Processor } from '../processor.ts'
import { shortHashOfLower } from '../short-hash.ts'
import { headerText, namesOf } from './header-names.ts'

/**
 * `http_header_fingerprint`: `hdr-<bits of known headers>-<user agent>-<count>-<hash of the other names>`.
 * Addresses and tracing headers are left out. Source: spec/waf-rules.md 2.8.
 */
export const httpHeaderFingerprint: Processor<'http_header_fingerprint'> = {
  name: 'http_header_fingerprint',
  inputs: [{ name: 'headers', required: true }],
  regenerates: false,
  generate([headers]) {
    const names = namesOf(headers)
    if (names === undefined) return undefined
    const { knownBits, others, userAgent, last } = names
    const agent = userAgent === undefined ? '' : headerText(headers, userAgent)
    if (last !== undefined && last.agent === agent) return last.fingerprint
    const fingerprint = `hdr-${knownBits}-${agent === '' ? '' : shortHashOfLower(agent)}-${others}`
    names.last = { agent, fingerprint }
    return fingerprint
  },
}
