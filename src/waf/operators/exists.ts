import type { PresenceOperator } from '../operator.ts'

/**
 * `exists`: one of the inputs is there; without a key path, the address itself. A null counts.
 * `!exists`: the address is there and the key path is not. Source: libddwaf rule schema 2.2, operator `exists`.
 */
export const exists: PresenceOperator<'exists'> = { kind: 'presence', name: 'exists', negatable: true }
