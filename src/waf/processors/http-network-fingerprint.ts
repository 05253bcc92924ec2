import { readText, readValue } from '../javascript-value.ts'
import type { Processor } from '../processor.ts'
import { headerMeaning } from './fingerprint-headers.ts'
import { maxHeaders } from './http-header-fingerprint.ts'

/**
 * `http_network_fingerprint`: `net-<addresses>-<bits of the address headers>`; the addresses are counted in the first of
 * these headers that is not empty. Source: spec/waf-rules.md 2.8.
 */
export const httpNetworkFingerprint: Processor<'http_network_fingerprint'> = {
  name: 'http_network_fingerprint',
  inputs: [{ name: 'headers', required: true }],
  regenerates: false,
  generate({ headers }) {
    const read = readValue(headers, maxHeaders)
    if (read.kind !== 'map') return undefined
    const bits = Array.from({ length: 10 }, () => '0')
    let chosen = bits.length
    let chain = ''
    for (const [name, value] of read.entries) {
      const meaning = headerMeaning(name)
      if (meaning.kind !== 'ip') continue
      bits[meaning.bit] = '1'
      if (meaning.bit >= chosen) continue
      const addresses = readText(value) ?? ''
      if (addresses === '') continue
      chosen = meaning.bit
      chain = addresses
    }
    const count = chain === '' ? 0 : chain.split(',').length
    return `net-${count}-${bits.join('')}`
  },
}
