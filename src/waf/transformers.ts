import type { Transformer } from './transformer.ts'
import { base64Decode } from './transformers/base64-decode.ts'
import { base64Encode } from './transformers/base64-encode.ts'
import { base64urlDecode } from './transformers/base64url-decode.ts'
import { compressWhitespace } from './transformers/compress-whitespace.ts'
import { cssDecode } from './transformers/css-decode.ts'
import { htmlEntityDecode } from './transformers/html-entity-decode.ts'
import { jsDecode } from './transformers/js-decode.ts'
import { lowercase } from './transformers/lowercase.ts'
import { normalizePathWin } from './transformers/normalize-path-win.ts'
import { normalizePath } from './transformers/normalize-path.ts'
import { removeComments } from './transformers/remove-comments.ts'
import { removeNulls } from './transformers/remove-nulls.ts'
import { shellUnescape } from './transformers/shell-unescape.ts'
import { unicodeNormalize } from './transformers/unicode-normalize.ts'
import { urlBasename } from './transformers/url-basename.ts'
import { urlDecodeIis } from './transformers/url-decode-iis.ts'
import { urlDecode } from './transformers/url-decode.ts'
import { urlPath } from './transformers/url-path.ts'
import { urlQuerystring } from './transformers/url-querystring.ts'

const all: readonly Transformer[] = [
  base64Decode,
  base64Encode,
  base64urlDecode,
  compressWhitespace,
  cssDecode,
  htmlEntityDecode,
  jsDecode,
  lowercase,
  normalizePath,
  normalizePathWin,
  removeComments,
  removeNulls,
  shellUnescape,
  unicodeNormalize,
  urlBasename,
  urlDecode,
  urlDecodeIis,
  urlPath,
  urlQuerystring,
]

/** Every transformer by its name and by each of its aliases. */
export const transformers: ReadonlyMap<string, Transformer> = new Map(
  all.flatMap((transformer) => [transformer.name, ...transformer.aliases].map((name) => [name, transformer] as const)),
)
