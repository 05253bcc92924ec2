import { randomUUID } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import { keepDocuments } from '../keep-documents.ts'
import type { Changes, DocumentChange, SessionRecord, State, UserRecord } from '../state/state.ts'
import { AttemptLimit } from './attempt-limit.ts'
import { hashOf, matchesHash, newSecret } from './secret.ts'

const linkMs = 15 * 60_000
const sessionMs = 7 * 86_400_000
/** Sessions and open links of one user; beyond, the oldest ends. */
const maxPerUser = 20
const cookieName = 'portcullis_session'

/** A record of a link or a session, to commit, and what its bearer presents: `<id>.<secret>`. */
interface Made {
  readonly record: SessionRecord
  readonly presented: string
}

export interface SignIn {
  /** A one-time link for a user: what to commit, and what stands in its fragment. Lives 15 minutes. */
  link(user: UserRecord): { readonly changes: Changes; readonly fragment: string; readonly expiresAt: string }
  /** Uses a link up and opens a session. Throws UNAUTHORIZED, RATE_LIMITED. */
  redeem(fragment: string, address: string): Promise<{ readonly user: UserRecord; readonly cookie: string }>
  /** The session that a request's cookies carry, if it is in force, and its user. */
  session(cookies: string | undefined): { readonly user: UserRecord; readonly session: SessionRecord } | undefined
  /** What ends all sessions and links of a user. */
  ending(userId: string): readonly DocumentChange[]
  user(id: string): UserRecord | undefined
  users(): readonly UserRecord[]
  sessions(): readonly SessionRecord[]
  close(): void
}

/** People: their sign-in links and sessions, of which the state has hashes only. */
export async function createSignIn(options: {
  readonly state: State
  readonly clock: Clock
  /** Whether browsers reach the console by https, so that the cookie may say `Secure`. */
  readonly secure: boolean
}): Promise<SignIn> {
  const { state, clock, secure } = options
  const users = await keepDocuments(state, 'user')
  const sessions = await keepDocuments(state, 'session')
  const limit = new AttemptLimit()
  /** Links that are being used up. */
  const redeeming = new Set<string>()

  const make = (user: UserRecord, purpose: SessionRecord['purpose'], livesMs: number): Made => {
    const nowMs = clock.nowMs()
    const secret = newSecret()
    const record = {
      id: randomUUID(),
      userId: user.id,
      purpose,
      secretSha256: hashOf(secret),
      createdAt: new Date(nowMs).toISOString(),
      expiresAt: new Date(nowMs + livesMs).toISOString(),
    }
    return { record, presented: `${record.id}.${secret}` }
  }

  /** The record that somebody presents, with its user, if both are in force. */
  const find = (
    presented: string,
    purpose: SessionRecord['purpose'],
  ): { readonly user: UserRecord; readonly session: SessionRecord } | undefined => {
    const [id = '', secret = ''] = presented.split('.')
    const session = sessions.get(id)
    if (session === undefined || session.purpose !== purpose || !matchesHash(secret, session.secretSha256)) {
      return undefined
    }
    const user = users.get(session.userId)
    const isOver = Date.parse(session.expiresAt) <= clock.nowMs()
    return isOver || user === undefined || user.disabledAt !== null ? undefined : { user, session }
  }

  /** Ends what has expired, and the oldest of a user who has too many. */
  const tidy = (userId: string): readonly DocumentChange[] => {
    const nowMs = clock.nowMs()
    const ended = sessions.all().filter(({ expiresAt }) => Date.parse(expiresAt) <= nowMs)
    const own = sessions
      .all()
      .filter((session) => session.userId === userId && !ended.includes(session))
      .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
    return [...ended, ...own.slice(maxPerUser - 1)].map(({ id }) => ({ kind: 'session', delete: id }))
  }

  return {
    link(user) {
      const { record, presented } = make(user, 'signin', linkMs)
      return {
        changes: { documents: [...tidy(user.id), { kind: 'session', put: record }] },
        fragment: presented,
        expiresAt: record.expiresAt,
      }
    },
    async redeem(fragment, address) {
      limit.check(address, clock.nowMs())
      const found = find(fragment, 'signin')
      if (found === undefined || redeeming.has(found.session.id)) {
        limit.failed(address, clock.nowMs())
        throw fail('UNAUTHORIZED')
      }
      const { user, session: link } = found
      redeeming.add(link.id)
      try {
        const { record, presented } = make(user, 'session', sessionMs)
        const at = record.createdAt
        const signedIn = { ...user, lastSignInAt: at }
        await state.commit({
          documents: [
            ...tidy(user.id),
            { kind: 'session', delete: link.id },
            { kind: 'session', put: record },
            { kind: 'user', put: signedIn },
          ],
          audit: [{ at, by: user.name, action: 'session.open', subject: record.id, before: null, after: null }],
        })
        return { user: signedIn, cookie: cookieOf(presented, sessionMs / 1_000, secure) }
      } finally {
        redeeming.delete(link.id)
      }
    },
    session(cookies) {
      const presented = readCookie(cookies)
      return presented === undefined ? undefined : find(presented, 'session')
    },
    ending: (userId) =>
      sessions
        .all()
        .filter((session) => session.userId === userId)
        .map(({ id }) => ({ kind: 'session', delete: id })),
    user: (id) => users.get(id),
    users: () => users.all(),
    sessions: () => sessions.all().filter(({ purpose }) => purpose === 'session'),
    close() {
      users.end()
      sessions.end()
    },
  }
}

/** The cookie that takes a session away from the browser. */
export function endedCookie(secure: boolean): string {
  return cookieOf('', 0, secure)
}

function cookieOf(value: string, seconds: number, secure: boolean): string {
  const flags = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`
  return `${cookieName}=${value}; ${flags}${secure ? '; Secure' : ''}`
}

function readCookie(cookies: string | undefined): string | undefined {
  const own = cookies?.split(';').find((cookie) => cookie.trim().startsWith(`${cookieName}=`))
  return own?.trim().slice(cookieName.length + 1)
}
