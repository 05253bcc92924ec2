import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { fail } from '../model/error.ts'
import type { CollectorConfig } from './config.ts'
import type { Tls } from './listener.ts'

/** The certificate and the key of the listeners; undefined: no TLS. Throws TLS_UNREADABLE, since they would speak in the clear. */
export function readTls({ tlsCertificate, tlsKey }: CollectorConfig): Tls | undefined {
  if (tlsCertificate === '' && tlsKey === '') return undefined
  const { cert } = read('TLS_CERTIFICATE', tlsCertificate, (text) => ({ cert: text }))
  return read('TLS_KEY', tlsKey, (key) => ({ cert, key }))
}

function read<T extends Partial<Tls>>(setting: string, file: string, tlsOf: (text: Buffer) => T): T {
  try {
    const tls = tlsOf(readFileSync(file))
    createSecureContext(tls)
    return tls
  } catch (error) {
    throw fail('TLS_UNREADABLE', setting, file, (error as Error).message)
  }
}
