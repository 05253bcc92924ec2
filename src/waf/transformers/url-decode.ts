import type { Transformer } from '../transformer.ts'

/**
 * `url_decode`: `+` becomes a space and `%XX` its byte, once. The bytes are read as UTF-8;
 * what is not UTF-8 becomes U+FFFD (the reference keeps the raw bytes, which no pattern can match).
 */
export const urlDecode: Transformer<'url_decode'> = {
  name: 'url_decode',
  aliases: ['urlDecode'],
  triggers: '%+',
  apply(value) {
    if (!value.includes('%') && !value.includes('+')) return undefined
    return value.replace(/\+|(?:%[0-9a-f]{2})+/gi, decodeRun)
  },
}

function decodeRun(run: string): string {
  if (run === '+') return ' '
  if (run.length === 3) {
    const byte = Number.parseInt(run.slice(1), 16)
    return byte < 0x80 ? String.fromCharCode(byte) : '\ufffd'
  }
  return Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8')
}
