import type { Transformer } from '../transformer.ts'

const named: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['nbsp', '\u00a0'],
])

/**
 * `html_entity_decode`: `&#65;`, `&#x41;` (the semicolon may be missing) and `&lt; &gt; &amp; &quot; &nbsp;` in any
 * case, once. What is no code point becomes U+FFFD. `&nbsp;` is U+00A0 (the reference writes the lone byte 160,
 * which no pattern can match).
 */
export const htmlEntityDecode: Transformer<'html_entity_decode'> = {
  name: 'html_entity_decode',
  aliases: ['htmlEntityDecode'],
  triggers: '&',
  apply(value) {
    if (!value.includes('&')) return undefined
    return value.replace(
      /&(?:#([0-9]+);?|#x([0-9a-f]+);?|(lt|gt|amp|quot|nbsp);)/gi,
      (_, decimal?: string, hexadecimal?: string, name?: string) =>
        name === undefined
          ? character(decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number.parseInt(decimal, 10))
          : (named.get(name.toLowerCase()) ?? ''),
    )
  },
}

function character(point: number): string {
  const valid = point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
  return valid ? String.fromCodePoint(point) : '\ufffd'
}
