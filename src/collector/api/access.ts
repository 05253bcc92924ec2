import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { fail } from '../../model/error.ts'
import { PrefixSet } from '../../net/prefix-set.ts'
import type { KeyRecord, Role, State } from '../state/state.ts'

/** Who makes a call, as the audit log names it. */
export interface Principal {
  readonly name: string
  readonly role: Role
}

/** Whether automation may act on what a tracer says. */
export interface Sender {
  readonly trusted: boolean
}

export interface Access {
  /** Who sent this request to the console listener. Throws UNAUTHORIZED. */
  principal(headers: IncomingHttpHeaders): Principal
  /** Who sent this request to the agent listener, by its address and `DD-API-KEY`. Throws UNAUTHORIZED. */
  sender(request: { readonly ip: string; readonly key: string | undefined }): Sender
  close(): void
}

const rank: Readonly<Record<Role, number>> = { viewer: 0, responder: 1, admin: 2 }
const loopback = PrefixSet.from(['127.0.0.0/8', '::1'])

/** Throws FORBIDDEN when the principal's role is below `needed`. */
export function requireRole(principal: Principal, needed: Role): void {
  if (rank[principal.role] < rank[needed]) {
    throw fail('FORBIDDEN', `this needs the role ${needed}; ${principal.name} is ${principal.role}`)
  }
}

export interface AccessOptions {
  readonly state: State
  /** Networks whose tracers need no key, beside loopback. */
  readonly allowFrom: readonly string[]
  readonly onBadNetwork: (network: string) => void
}

/** Checks tokens and ingest keys against the hashes in the state, kept in memory and up to date. */
export async function createAccess({ state, allowFrom, onBadNetwork }: AccessOptions): Promise<Access> {
  let keys = await state.documents('key')
  const unsubscribe = state.subscribe((changes) => {
    if (!changes.documents?.some(({ kind }) => kind === 'key')) return
    void state.documents('key').then((latest) => (keys = latest))
  })
  const allowed = PrefixSet.from(allowFrom, onBadNetwork)

  const find = (secret: string | undefined, accept: (key: KeyRecord) => boolean): KeyRecord | undefined => {
    if (secret === undefined) return undefined
    const digest = createHash('sha256').update(secret).digest()
    return keys.find(
      (key) => key.revokedAt === null && accept(key) && timingSafeEqual(digest, Buffer.from(key.secretSha256, 'hex')),
    )
  }

  return {
    principal(headers) {
      const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(headers.authorization ?? '')?.[1]
      const key = find(token, ({ role }) => role !== 'ingest')
      if (key === undefined || key.role === 'ingest') throw fail('UNAUTHORIZED')
      return { name: key.name, role: key.role }
    },
    sender({ ip, key }) {
      // A unix socket has no address: whoever may open it is on this machine.
      if (ip === undefined || isIP(ip) === 0 || loopback.has(ip)) return { trusted: true }
      if (find(key, ({ role }) => role === 'ingest')) return { trusted: true }
      if (allowed.has(ip)) return { trusted: false }
      throw fail('UNAUTHORIZED')
    },
    close: unsubscribe,
  }
}

/** The hash under which a secret is kept. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
