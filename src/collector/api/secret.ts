import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A new secret: 192 bits, as text that fits into a header, a cookie and the fragment of an address. */
export function newSecret(): string {
  return randomBytes(24).toString('base64url')
}

/** The hash under which a secret is kept, in hexadecimal. Secrets are random, so that no slow hash is needed. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Compares a secret with a kept hash in constant time. */
export function matchesHash(secret: string, sha256: string): boolean {
  return timingSafeEqual(createHash('sha256').update(secret).digest(), Buffer.from(sha256, 'hex'))
}
