import { readText } from '../javascript-value.ts'
import type { Processor } from '../processor.ts'
import { base64urlDecode } from '../transformers/base64url-decode.ts'

/**
 * `jwt_decode`: `Bearer <header>.<payload>.<signature>` of an authorization header as
 * `{header, payload, signature: {available}}`, the first two parsed JSON or null. The scheme may be in any case
 * (RFC 9110 11.1; the reference wants it exact). Nothing is verified. Source: spec/waf-rules.md 2.8.
 */
export const jwtDecode: Processor<'jwt_decode'> = {
  name: 'jwt_decode',
  inputs: [{ name: 'inputs', required: true, isText: true }],
  regenerates: false,
  generate([inputs]) {
    const credentials = readText(inputs)
    if (credentials === undefined || !/^bearer/i.test(credentials)) return undefined
    const token = credentials.slice('bearer'.length).trimStart()
    const headerEnd = token.indexOf('.')
    const payloadEnd = headerEnd < 0 ? -1 : token.indexOf('.', headerEnd + 1)
    if (payloadEnd < 0) return undefined
    return {
      header: parsePart(token.slice(0, headerEnd)),
      payload: parsePart(token.slice(headerEnd + 1, payloadEnd)),
      signature: { available: payloadEnd + 1 < token.length },
    }
  },
}

function parsePart(part: string): unknown {
  try {
    return JSON.parse(base64urlDecode.apply(part) ?? part)
  } catch {
    return null
  }
}
