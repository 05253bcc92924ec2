import type { NewIdAttribute, SignalEvent } from '../../model/notification.ts'
import type { SignalLists } from '../detect/signal-lists.ts'
import type { Page, SignalFacts } from '../state/state.ts'

type Lists = Pick<SignalLists, 'users' | 'ips' | 'compromisedUsers'>

const targetedShown = 100
const compromisedShown = 1_000
const pageSize = 5_000
/** Values read of one signal in one go; those beyond come up once these have been told. */
const maxValues = 200_000

/**
 * The accounts that a notification names. The figures of a signal that has just opened are read beside the ticks and may
 * not be there yet: they say at least as many as are named.
 */
export async function readUsers(
  lists: Lists,
  signal: SignalFacts,
): Promise<Pick<SignalEvent, 'targetedUsers' | 'compromisedUsers'> & { readonly signal: SignalFacts }> {
  const targeted = await lists.users(signal, { limit: targetedShown })
  const compromised = await lists.compromisedUsers(signal, { limit: compromisedShown, asOfNow: true })
  return {
    signal: {
      ...signal,
      targetedUsers: Math.max(signal.targetedUsers, targeted.items.length),
      compromisedUsers: Math.max(signal.compromisedUsers, compromised.items.length),
    },
    targetedUsers: targeted.items.map(({ usrLogin, usrId, exists }) => ({ usrLogin, usrId, exists })),
    compromisedUsers: compromised.items.map(({ usrLogin, usrId, at, ip, traceId }) => ({
      usrLogin,
      usrId,
      at,
      ip,
      traceId,
    })),
  }
}

/** The ids of compromised accounts, the logins that were tried, or the attacking addresses. */
export async function readIds(
  lists: Lists,
  signal: SignalFacts,
  attribute: NewIdAttribute,
): Promise<readonly string[]> {
  if (attribute === '@http.client_ip')
    return allOf(
      (page) => lists.ips(signal, page),
      ({ ip }) => ip,
    )
  if (attribute === '@usr.login')
    return allOf(
      (page) => lists.users(signal, page),
      ({ usrLogin }) => usrLogin,
    )
  return allOf(
    (page) => lists.compromisedUsers(signal, { ...page, asOfNow: true }),
    ({ usrId }) => usrId,
  )
}

async function allOf<T>(
  read: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
  valueOf: (item: T) => string | null,
): Promise<readonly string[]> {
  const values: string[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await read({ limit: pageSize, ...(cursor === null ? {} : { cursor }) })
    for (const item of page.items) {
      const value = valueOf(item)
      if (value !== null && value !== '') values.push(value)
    }
    cursor = page.next
  } while (cursor !== null && values.length < maxValues)
  return values
}
