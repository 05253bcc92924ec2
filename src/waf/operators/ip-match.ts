import { PrefixSet } from '../../net/prefix-set.ts'
import { asString, asStrings } from '../cast.ts'
import type { ScalarOperator } from '../operator.ts'

/**
 * `ip_match`: the value is an address inside one of the addresses and CIDR blocks of `list`, or of the live list named
 * by `data`. Textual addresses only: no port, brackets, zone or leading zeros. IPv4 equals its v4-mapped IPv6 form.
 * Source: libddwaf rule schema 2.2, operator `ip_match`.
 */
export const ipMatch: ScalarOperator<'ip_match'> = {
  kind: 'scalar',
  name: 'ip_match',
  negatable: true,
  accepts: 'text',
  compile(parameters, scope) {
    if (parameters['list'] === undefined) {
      const data = scope.data(asString(parameters['data'], `${scope.path}.data`))
      return (value, time) =>
        typeof value === 'string' && data.isGiven && data.hasAddress(value, time.nowSeconds)
          ? { highlight: [value] }
          : undefined
    }
    const list = PrefixSet.from(asStrings(parameters['list'], `${scope.path}.list`), (item) =>
      scope.warn(`"${item.slice(0, 64)}" is not an address or CIDR block; it is left out`),
    )
    return (value) => (typeof value === 'string' && list.has(value) ? { highlight: [value] } : undefined)
  },
}
