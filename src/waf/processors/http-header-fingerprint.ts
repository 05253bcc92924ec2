import { readText, readValue } from '../javascript-value.ts'
import type { Processor } from '../processor.ts'
import { shortHash } from '../short-hash.ts'
import { headerMeaning } from './fingerprint-headers.ts'
import { lowerAscii } from './key-list.ts'

/** Headers looked at; servers accept fewer. */
export const maxHeaders = 512

/**
 * `http_header_fingerprint`: `hdr-<bits of known headers>-<user agent>-<count>-<hash of the other names>`.
 * Addresses and tracing headers are left out. Source: spec/waf-rules.md 2.8.
 */
export const httpHeaderFingerprint: Processor<'http_header_fingerprint'> = {
  name: 'http_header_fingerprint',
  inputs: [{ name: 'headers', required: true }],
  regenerates: false,
  generate({ headers }) {
    const read = readValue(headers, maxHeaders)
    if (read.kind !== 'map') return undefined
    const bits = Array.from({ length: 10 }, () => '0')
    const others: string[] = []
    let userAgent = ''
    for (const [name, value] of read.entries) {
      const meaning = headerMeaning(name)
      if (meaning.kind === 'known') bits[meaning.bit] = '1'
      else if (meaning.kind === 'user-agent') userAgent = lowerAscii(readText(value) ?? '')
      else if (meaning.kind === 'unknown') others.push(meaning.name)
    }
    const agentHash = userAgent === '' ? '' : shortHash(userAgent)
    const othersHash = others.length === 0 ? '' : shortHash(others.sort().join(','))
    return `hdr-${bits.join('')}-${agentHash}-${others.length}-${othersHash}`
  },
}
