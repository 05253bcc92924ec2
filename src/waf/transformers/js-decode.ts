import type { Transformer } from '../transformer.ts'

const controls: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])

/**
 * `js_decode`: JavaScript escapes. `\uXXXX` is a UTF-16 unit (pairs are joined, lone surrogates become U+FFFD),
 * a run of `\xXX` is bytes read as UTF-8, `\n` and its like are control characters; of any other escape only the
 * backslash goes, and of a malformed `\x` or `\u` its letter too.
 */
export const jsDecode: Transformer<'js_decode'> = {
  name: 'js_decode',
  aliases: ['jsDecode'],
  triggers: '\\',
  apply(value) {
    if (!value.includes('\\')) return undefined
    return value.replace(
      /((?:\\x(?:[0-9a-fA-F]{2}|(?![0-9a-fA-F]{2}))|\\u(?![0-9a-fA-F]{4}))+)|((?:\\u[0-9a-fA-F]{4})+)|\\([^])/g,
      (_, bytes?: string, units?: string, letter = '') => {
        if (bytes !== undefined) return decodeBytes(bytes)
        if (units !== undefined) return decodeUnits(units)
        return controls.get(letter) ?? letter
      },
    )
  },
}

/** A run of `\xXX`, with malformed `\x` and `\u` between them that stand for nothing. */
function decodeBytes(escapes: string): string {
  return Buffer.from(escapes.replace(/\\[xu]/g, ''), 'hex').toString('utf8')
}

function decodeUnits(escapes: string): string {
  let out = ''
  for (let index = 2; index < escapes.length; index += 6)
    out += String.fromCharCode(Number.parseInt(escapes.slice(index, index + 4), 16))
  return out.replace(/\p{Surrogate}/gu, '\ufffd')
}
