import type { Transformer } from '../transformer.ts'

/** `compress_whitespace`: a run of spaces (U+0020 only) becomes one. */
export const compressWhitespace: Transformer<'compress_whitespace'> = {
  name: 'compress_whitespace',
  aliases: ['compressWhiteSpace'],
  triggers: ' ',
  creates: '',
  apply: (value) => (value.includes('  ') ? value.replace(/ {2,}/g, ' ') : undefined),
}
