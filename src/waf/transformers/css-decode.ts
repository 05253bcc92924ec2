import type { Transformer } from '../transformer.ts'

/**
 * `css_decode`: CSS escapes. A backslash before 1 to 6 hexadecimal digits (and one white space after them) stands for
 * a code point, U+FFFD when there is none such; before a line feed or at the end it vanishes with it; before anything
 * else only the backslash goes.
 */
export const cssDecode: Transformer<'css_decode'> = {
  name: 'css_decode',
  aliases: ['cssDecode'],
  triggers: '\\',
  apply(value) {
    if (!value.includes('\\')) return undefined
    return value.replace(/\\(?:([0-9a-f]{1,6})[\t-\r ]?|\n|([^])|$)/gi, (_, digits?: string, literal?: string) => {
      if (digits === undefined) return literal ?? ''
      // As in the reference, which has no room for U+FFFD in the place of two characters (unless escapes before it left some).
      if (digits === '0') return ''
      const point = Number.parseInt(digits, 16)
      return isCodePoint(point) ? String.fromCodePoint(point) : '\ufffd'
    })
  },
}

function isCodePoint(point: number): boolean {
  return point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
}
