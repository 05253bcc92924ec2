import type { ScalarOperator } from '../operator.ts'
import { unicodeNormalize } from '../transformers/unicode-normalize.ts'

/**
 * `hidden_ascii_match`: the value holds a tag character (U+E0000..U+E007F), with which ASCII text is hidden from the
 * eye. The highlight is the whole value as `unicode_normalize` shows it. Source: libddwaf rule schema 2.2.
 */
export const hiddenAsciiMatch: ScalarOperator<'hidden_ascii_match'> = {
  kind: 'scalar',
  name: 'hidden_ascii_match',
  negatable: false,
  accepts: 'text',
  requires: () => [[['\u0080']]],
  compile: () => (value) => {
    // Every tag character begins with this surrogate, which a search for one unit finds at once.
    if (typeof value !== 'string' || !value.includes('\udb40') || !/[\u{e0000}-\u{e007f}]/u.test(value))
      return undefined
    return { highlight: [unicodeNormalize.apply(value) ?? value] }
  },
}
