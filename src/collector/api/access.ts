import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { fail } from '../../model/error.ts'
import { PrefixSet } from '../../net/prefix-set.ts'
import { keepDocuments } from '../keep-documents.ts'
import type { KeyRecord, Role, SessionRecord, State } from '../state/state.ts'
import { isLoopback } from './gate.ts'
import { hashOf } from './secret.ts'
import type { SignIn } from './sign-in.ts'

/** Who makes a call, as the audit log names it. */
export interface Principal {
  /** The key's or the user's id. */
  readonly id: string
  readonly name: string
  readonly role: Role
  /** The session, when the call came with its cookie; null for a token. */
  readonly session: SessionRecord | null
}

/** What a tracer may say. */
export interface Sender {
  /** Whether automation may act on it. */
  readonly trusted: boolean
  /** Services and environments that the key is for; null: all. */
  readonly services: readonly string[] | null
  readonly envs: readonly string[] | null
}

/** Whether a sender may speak for a service in an environment. */
export function covers(sender: Sender, { service, env }: { readonly service: string; readonly env: string }): boolean {
  return (sender.services?.includes(service) ?? true) && (sender.envs?.includes(env) ?? true)
}

export interface Access {
  /** Who sent this request to the console listener. Throws UNAUTHORIZED, and CSRF_MISSING for a change by cookie. */
  principal(request: { readonly headers: IncomingHttpHeaders; readonly method: string }): Principal
  /** Who sent this request to the agent listener, by its address and `DD-API-KEY`. Throws UNAUTHORIZED. */
  sender(request: { readonly ip: string | undefined; readonly key: string | undefined }): Sender
  close(): void
}

const rank: Readonly<Record<Role, number>> = { viewer: 0, responder: 1, admin: 2 }
const harmless = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Throws FORBIDDEN when the principal's role is below `needed`. */
export function requireRole(principal: Principal, needed: Role): void {
  if (rank[principal.role] < rank[needed]) {
    throw fail('FORBIDDEN', `this needs the role ${needed}; ${principal.name} is ${principal.role}`)
  }
}

export interface AccessOptions {
  readonly state: State
  readonly signIn: Pick<SignIn, 'session'>
  /** Networks whose tracers need no key, beside loopback. */
  readonly allowFrom: readonly string[]
  /** A token that whoever can read the data directory has, while this process runs. */
  readonly directoryToken: string
}

/** Checks tokens, sessions and ingest keys against the hashes in the state. */
export async function createAccess(options: AccessOptions): Promise<Access> {
  const keys = await keepDocuments(options.state, 'key')
  const allowed = PrefixSet.from(options.allowFrom)
  const directoryHash = Buffer.from(hashOf(options.directoryToken), 'hex')

  const find = (secret: string | undefined, accept: (key: KeyRecord) => boolean): KeyRecord | undefined => {
    if (secret === undefined) return undefined
    const digest = Buffer.from(hashOf(secret), 'hex')
    return keys
      .all()
      .find(
        (key) => key.revokedAt === null && accept(key) && timingSafeEqual(digest, Buffer.from(key.secretSha256, 'hex')),
      )
  }

  const byToken = (token: string): Principal => {
    const key = find(token, ({ role }) => role !== 'ingest')
    if (key !== undefined && key.role !== 'ingest') {
      return { id: key.id, name: key.name, role: key.role, session: null }
    }
    if (timingSafeEqual(Buffer.from(hashOf(token), 'hex'), directoryHash)) {
      return { id: 'data-directory', name: 'owner of the data directory', role: 'admin', session: null }
    }
    throw fail('UNAUTHORIZED')
  }

  return {
    principal({ headers, method }) {
      if (headers.authorization !== undefined) {
        const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(headers.authorization)?.[1]
        if (token === undefined) throw fail('UNAUTHORIZED')
        return byToken(token)
      }
      const found = options.signIn.session(headers.cookie)
      if (found === undefined) throw fail('UNAUTHORIZED')
      const { user, session } = found
      if (!harmless.has(method) && !headers['x-portcullis-csrf']) throw fail('CSRF_MISSING')
      return { id: user.id, name: user.name, role: user.role, session }
    },
    sender({ ip, key }) {
      const known = find(key, ({ role }) => role === 'ingest')
      if (known !== undefined) return { trusted: true, services: known.services, envs: known.envs }
      // A unix socket has no address: whoever may open it is on this machine.
      if (ip === undefined || isIP(ip) === 0 || isLoopback(ip)) return { trusted: true, services: null, envs: null }
      if (allowed.has(ip)) return { trusted: false, services: null, envs: null }
      throw fail('UNAUTHORIZED')
    },
    close: () => keys.end(),
  }
}
