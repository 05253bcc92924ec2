import type { Processor } from '../processor.ts'
import { headerText, namesOf } from './header-names.ts'

/**
 * `http_network_fingerprint`: `net-<addresses>-<bits of the address headers>`; the addresses are counted in the first of
 * these headers that is not empty. Source: spec/waf-rules.md 2.8.
 */
export const httpNetworkFingerprint: Processor<'http_network_fingerprint'> = {
  name: 'http_network_fingerprint',
  inputs: [{ name: 'headers', required: true }],
  regenerates: false,
  generate([headers]) {
    const names = namesOf(headers)
    if (names === undefined) return undefined
    const { addressBits, addressNames, withoutAddress, lastNetwork } = names
    for (const name of addressNames) {
      const chain = headerText(headers, name)
      if (chain === '') continue
      const count = countItems(chain)
      if (lastNetwork?.count === count) return lastNetwork.fingerprint
      const fingerprint = `net-${count}-${addressBits}`
      names.lastNetwork = { count, fingerprint }
      return fingerprint
    }
    return withoutAddress
  },
}

function countItems(list: string): number {
  let count = 1
  for (let comma = list.indexOf(','); comma >= 0; comma = list.indexOf(',', comma + 1)) count += 1
  return count
}
