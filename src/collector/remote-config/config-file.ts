import { createHash } from 'node:crypto'
import type { Product } from '../../model/remote-config.ts'

/** One configuration as it goes over the wire. */
export interface ConfigFile {
  readonly path: string
  readonly product: Product
  readonly version: number
  /** Base64 of the content. */
  readonly raw: string
  readonly sha256: string
  readonly length: number
}

/** A content under its path `datadog/2/<product>/<id>/config`. */
export function configFile(product: Product, id: string, content: unknown, version: number): ConfigFile {
  const bytes = Buffer.from(JSON.stringify(content))
  return {
    path: `datadog/2/${product}/${id}/config`,
    product,
    version,
    raw: bytes.toString('base64'),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    length: bytes.length,
  }
}
