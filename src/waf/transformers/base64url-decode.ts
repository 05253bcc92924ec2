import type { Transformer } from '../transformer.ts'
import { decodeSextets } from './base64-decode.ts'

/** `base64url_decode`: as `base64_decode`, with `-` and `_` in place of `+` and `/`. */
export const base64urlDecode: Transformer<'base64url_decode'> = {
  name: 'base64url_decode',
  aliases: [],
  apply: (value) => (/^[A-Za-z0-9_-]*=*$/.test(value) ? decodeSextets(value) : undefined),
}
