import { randomUUID } from 'node:crypto'
import type { DenylistKind } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import type { Signal, SignalResponseKind } from '../../model/signal.ts'
import type { Changes, ResponseRecord, StandingAnswer } from '../state/state.ts'
import { slices } from '../whole-results.ts'
import { addEntries, maxEntriesAtOnce } from './list-changes.ts'
import type { AnswerLists, NewEntry, SignalAnswer } from './respond.ts'

const pageSize = 5_000

/** By what an answer blocks. Throws REQUEST_INVALID where the selection has nothing of the kind. */
export function kindOf({ selection, kind }: SignalAnswer): DenylistKind {
  if (selection === 'values') {
    if (kind !== undefined) return kind
    throw fail('REQUEST_INVALID', 'kind', 'chosen values need a kind: ip, cidr, user, login, user_agent or fingerprint')
  }
  const fitting: readonly DenylistKind[] = selection === 'ips' ? ['ip'] : ['user', 'login']
  const chosen = kind ?? fitting[0] ?? 'ip'
  if (fitting.includes(chosen)) return chosen
  throw fail('REQUEST_INVALID', 'kind', `the selection ${selection} can be blocked by ${fitting.join(' or ')}`)
}

/** All that an answer selects of a signal, each once. Rejects with REQUEST_INVALID. */
export async function selectedValues(
  lists: AnswerLists,
  signal: Signal,
  { selection, values }: SignalAnswer,
  kind: DenylistKind,
): Promise<readonly string[]> {
  if (selection === 'values') {
    if (values !== undefined && values.length > 0) return [...new Set(values)]
    throw fail('REQUEST_INVALID', 'values', 'name at least one')
  }
  const found = new Set<string>()
  let cursor: string | undefined
  do {
    const page = { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) }
    if (selection === 'ips') {
      const { items, next } = await lists.ips(signal, page)
      for (const { ip } of items) found.add(ip)
      cursor = next ?? undefined
    } else {
      const { items, next } = await lists[selection](signal, page)
      for (const { usrId, usrLogin } of items) found.add((kind === 'login' ? usrLogin : usrId) ?? '')
      cursor = next ?? undefined
    }
  } while (cursor !== undefined)
  found.delete('')
  return [...found]
}

/** The changes that block values for a signal by a person's hand. Throws REQUEST_INVALID. */
export function answerChanges(
  signal: Signal,
  {
    kind,
    values,
    answer,
    author,
    nowMs,
  }: {
    readonly kind: DenylistKind
    readonly values: readonly string[]
    readonly answer: SignalAnswer
    readonly author: string
    readonly nowMs: number
  },
): { readonly responses: readonly ResponseRecord[]; readonly changes: Changes } {
  const at = new Date(nowMs).toISOString()
  const until = answer.forSeconds === null ? null : new Date(nowMs + answer.forSeconds * 1000).toISOString()
  const reason = `answer to: ${signal.title}`
  const wanted = values.map((value): NewEntry => ({ kind, value, expiresAt: until, reason, signalId: signal.id }))
  const added = [...slices(wanted, maxEntriesAtOnce)].map((some) => addEntries('denylist', some, author, nowMs))
  const responses = added
    .flatMap(({ entries }) => entries)
    .map((entry): ResponseRecord => ({
      id: randomUUID(),
      signalId: signal.id,
      entryId: entry.id,
      kind: responseKind(kind),
      value: entry.value,
      by: author,
      at,
      until,
      undoneAt: null,
      why: reason,
      collateralUsers: 0,
    }))
  const later = answer.continuous === true ? ', and what joins them while the signal is open' : ''
  const ending = until === null ? 'without end' : `until ${until}`
  const text = `${responses.length} ${plurals[kind]}${later} are blocked ${ending}`
  return {
    responses,
    changes: {
      entries: added.flatMap(({ changes }) => changes.entries ?? []),
      audit: added.flatMap(({ changes }) => changes.audit ?? []),
      responses,
      timeline: [{ signalId: signal.id, at, by: author, kind: 'response_taken', text }],
    },
  }
}

/** What goes on of an answer; null where nothing does. Throws REQUEST_INVALID. */
export function standingOf(
  signal: Signal,
  { selection, continuous = false, forSeconds }: SignalAnswer,
  kind: DenylistKind,
  by: string,
  nowMs: number,
): StandingAnswer | null {
  if (!continuous) return null
  if (selection === 'values') throw fail('REQUEST_INVALID', 'continuous', 'chosen values are joined by no others')
  if (forSeconds === null) throw fail('REQUEST_INVALID', 'forSeconds', 'an answer that goes on blocks with an end')
  if (signal.closedAt !== null) throw fail('CONFLICT', 'the signal is closed: nothing joins it any more')
  const at = new Date(nowMs).toISOString()
  return { id: randomUUID(), signalId: signal.id, kind, selection, forSeconds, by, at }
}

const plurals: Readonly<Record<DenylistKind, string>> = {
  ip: 'addresses',
  cidr: 'networks',
  user: 'users',
  login: 'logins',
  user_agent: 'user agents',
  fingerprint: 'fingerprints',
}

function responseKind(kind: DenylistKind): SignalResponseKind {
  return kind === 'cidr' ? 'block_ip' : `block_${kind}`
}
