import { randomUUID } from 'node:crypto'
import type { DenylistKind } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import type { Signal, SignalResponseKind } from '../../model/signal.ts'
import { isPrivate } from '../../net/ip.ts'
import type { PrefixSet } from '../../net/prefix-set.ts'
import { attemptsQuery, campaignOf, campaignRange, facet } from '../campaign.ts'
import type { Changes, ResponseRecord, SignalFacts, StandingAnswer, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { readPages, slices, topAll } from '../whole-results.ts'
import { addEntries, maxEntriesAtOnce } from './list-changes.ts'
import { namesAddress } from './ordinary-addresses.ts'
import type { Passlist } from './passlist.ts'
import type { AnswerLists, LeftOut, NewEntry, Selected, Selection, SignalAnswer } from './respond.ts'
import type { SpareOrdinary } from './spare-ordinary.ts'

/** By what an answer blocks. Throws REQUEST_INVALID where the selection has nothing of the kind. */
function kindOf({ selection, kind }: Pick<SignalAnswer, 'selection' | 'kind'>): DenylistKind {
  if (selection === 'values') {
    if (kind !== undefined) return kind
    throw fail('REQUEST_INVALID', 'kind', 'chosen values need a kind: ip, cidr, user, login, user_agent or fingerprint')
  }
  const fitting: readonly DenylistKind[] = selection === 'ips' ? ['ip'] : ['user', 'login']
  const chosen = kind ?? fitting[0] ?? 'ip'
  if (fitting.includes(chosen)) return chosen
  throw fail('REQUEST_INVALID', 'kind', `the selection ${selection} can be blocked by ${fitting.join(' or ')}`)
}

/** What the exceptions of a selection are looked up in. */
interface SelectionParts {
  readonly store: Store
  readonly state: Pick<State, 'ruleVersions'>
  readonly lists: AnswerLists
  readonly spareOrdinary: SpareOrdinary
  readonly trustedProxies: PrefixSet
  readonly passlist: { read(nowMs: number): Promise<Passlist> }
}

/**
 * What an answer selects of a signal. Of the addresses of a campaign those of ordinary people are left out, unless the
 * signal is about one address: whoever wants them blocked names them. Rejects with REQUEST_INVALID.
 */
export async function select(
  parts: SelectionParts,
  signal: SignalFacts,
  answer: Selection,
  nowMs: number,
): Promise<Selected> {
  const kind = kindOf(answer)
  const { selection, values } = answer
  if (selection === 'values') {
    if (values !== undefined && values.length > 0) return { kind, values: [...new Set(values)], leftOut: [] }
    throw fail('REQUEST_INVALID', 'values', 'name at least one')
  }
  if (selection === 'ips') return { kind, ...(await attackersOf(parts, signal, nowMs)) }
  return { kind, values: await accountsOf(parts.lists, signal, selection, kind), leftOut: [] }
}

async function attackersOf(
  { store, state, spareOrdinary, trustedProxies, passlist }: SelectionParts,
  signal: SignalFacts,
  nowMs: number,
): Promise<Omit<Selected, 'kind'>> {
  const campaign = await campaignOf(state, signal)
  const rows = await topAll(store, attemptsQuery(campaign), campaignRange(signal), [facet.ip], [])
  const ips = rows.map(({ group }) => group[facet.ip] ?? '').filter((ip) => ip !== '')
  if (namesAddress(campaign)) return { values: ips, leftOut: [] }
  const [ordinary, { addresses: passed }] = await Promise.all([
    spareOrdinary({ ...campaign, signal }, ips, nowMs),
    passlist.read(nowMs),
  ])
  const leftOut: LeftOut[] = []
  const values = ips.filter((ip) => {
    const why = whyNever(ip, trustedProxies, passed) ?? ordinary.get(ip)
    if (why !== undefined) leftOut.push({ value: ip, why })
    return why === undefined
  })
  return { values, leftOut }
}

function whyNever(ip: string, trustedProxies: PrefixSet, passed: PrefixSet): string | undefined {
  if (trustedProxies.has(ip)) return 'it is a trusted proxy'
  if (passed.has(ip)) return 'it is on the passlist'
  return isPrivate(ip) ? 'it is a private address' : undefined
}

async function accountsOf(
  lists: AnswerLists,
  signal: SignalFacts,
  selection: 'users' | 'compromisedUsers',
  kind: DenylistKind,
): Promise<readonly string[]> {
  const accounts: readonly { readonly usrId: string | null; readonly usrLogin: string }[] = await readPages((page) =>
    lists[selection](signal, { ...page, asOfNow: true }),
  )
  const found = new Set(accounts.map(({ usrId, usrLogin }) => (kind === 'login' ? usrLogin : usrId) ?? ''))
  found.delete('')
  return [...found]
}

/** The changes that block values for a signal by a person's hand. Throws REQUEST_INVALID. */
export function answerChanges(
  signal: Signal,
  {
    selected: { kind, values, leftOut },
    answer,
    author,
    nowMs,
  }: {
    readonly selected: Selected
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
  const without = leftOut.length === 0 ? '' : `; ${leftOut.length} that look ordinary are left out`
  const text = `${responses.length} ${plurals[kind]}${later} are blocked ${ending}${without}`
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
