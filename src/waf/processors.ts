import type { Processor } from './processor.ts'
import { extractSchema } from './processors/extract-schema.ts'
import { httpEndpointFingerprint } from './processors/http-endpoint-fingerprint.ts'
import { httpHeaderFingerprint } from './processors/http-header-fingerprint.ts'
import { httpNetworkFingerprint } from './processors/http-network-fingerprint.ts'
import { jwtDecode } from './processors/jwt-decode.ts'
import { sessionFingerprint } from './processors/session-fingerprint.ts'
import { uriParse } from './processors/uri-parse.ts'

const all: readonly Processor[] = [
  extractSchema,
  httpEndpointFingerprint,
  httpHeaderFingerprint,
  httpNetworkFingerprint,
  jwtDecode,
  sessionFingerprint,
  uriParse,
]

/** Every processor by the name of its generator. */
export const processors: ReadonlyMap<string, Processor> = new Map(
  all.map((processor) => [processor.name, processor] as const),
)
