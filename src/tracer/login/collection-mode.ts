import { createHash } from 'node:crypto'

/** What automatic login events say of users: their names, a short hash of them, or nothing at all. */
export type CollectionMode = 'identification' | 'anonymization' | 'disabled'

const modes: Readonly<Record<string, CollectionMode>> = {
  identification: 'identification',
  ident: 'identification',
  extended: 'identification',
  anonymization: 'anonymization',
  anon: 'anonymization',
  safe: 'anonymization',
}

/** Reads a mode as Datadog tracers do: short and older names are taken, anything else disables. */
export function collectionMode(value: string): CollectionMode {
  return Object.hasOwn(modes, value) ? (modes[value] ?? 'disabled') : 'disabled'
}

/** `anon_` and the first 16 bytes of the SHA-256 of a login or user id, in hexadecimal. */
export function anonymized(value: string): string {
  return `anon_${createHash('sha256').update(value).digest('hex').slice(0, 32)}`
}
