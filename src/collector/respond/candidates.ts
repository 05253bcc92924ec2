import type { RuleResponse } from '../../model/detection-rule.ts'
import type { SignalUpdate } from '../../model/signal.ts'
import { attemptsQuery, bareName, campaignRange, facet } from '../campaign.ts'
import type { StandingAnswer } from '../state/state.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { readPages, topAll } from '../whole-results.ts'
import type { BlockKind, Candidate } from './address-facts.ts'
import type { AnswerLists } from './respond.ts'
import { automation } from './response-memory.ts'

type Block = Extract<RuleResponse, { readonly block: string }>

/** Records may come this much later than they happened: a standing answer looks back as far. */
const latenessMs = 15 * 60_000

/**
 * What a rule asks to block for a signal: what its group names; else, for addresses of a campaign against one account,
 * those that tried it, and for users, those that were compromised. Undefined where the signal names nothing of the kind.
 */
export async function findCandidates(
  { store, lists }: { readonly store: Store; readonly lists: AnswerLists },
  update: SignalUpdate,
  { block, forSeconds }: Block,
): Promise<readonly Candidate[] | undefined> {
  // Clusters are blocked by WAF rules, which the room of the clusters writes.
  if (block === 'cluster') return []
  const { signal, rule } = update
  const candidate = (value: string): Candidate => ({ update, kind: block, value, forSeconds, by: automation })
  const named = namesOf[block].flatMap((name) => signal.group[name] ?? [])
  if (named.length > 0) return named.slice(0, 1).map(candidate)
  if (block === 'ip') {
    const rows = await topAll(store, attemptsQuery({ rule, signal }), campaignRange(signal), [facet.ip], [])
    return rows.map((row) => ({ ...candidate(row.group[facet.ip] ?? ''), failures: row.values[0] ?? 0 }))
  }
  if (block === 'user' || block === 'login') {
    return (await compromised(lists, update, block)).map(candidate)
  }
  return undefined
}

/** What a group has to name for a kind of entry. */
const namesOf: Readonly<Record<BlockKind, readonly string[]>> = {
  ip: [bareName(facet.ip)],
  user: [bareName(facet.userId), 'usr.id'],
  // A campaign against one account names its login, which is the victim's: only a compromised one is blocked.
  login: [],
  user_agent: [bareName(facet.userAgent)],
  fingerprint: ['header', 'network', 'endpoint']
    .map((part) => `_dd.appsec.fp.http.${part}`)
    .concat('_dd.appsec.fp.session'),
}

/** What has joined the selection of a standing answer since `sinceMs`. */
export async function findJoined(
  { store, lists }: { readonly store: Store; readonly lists: AnswerLists },
  update: SignalUpdate,
  { kind, selection, forSeconds, by }: StandingAnswer,
  sinceMs: number,
): Promise<readonly Candidate[]> {
  const { signal, rule } = update
  if (kind === 'cidr') return []
  const candidate = (value: string): Candidate => ({ update, kind, value, forSeconds, by })
  if (selection === 'compromisedUsers') {
    return (await compromised(lists, update, kind === 'login' ? 'login' : 'user')).map(candidate)
  }
  const by_ = selection === 'ips' ? facet.ip : kind === 'login' ? facet.login : facet.userId
  const whole = campaignRange(signal)
  const range: TimeRange = { fromMs: Math.max(whole.fromMs, sinceMs - latenessMs), toMs: whole.toMs }
  if (range.fromMs >= range.toMs) return []
  const rows = await topAll(store, attemptsQuery({ rule, signal }), range, [by_], [])
  return rows.map((row) => candidate(row.group[by_] ?? ''))
}

async function compromised(
  lists: AnswerLists,
  { signal }: SignalUpdate,
  by: 'user' | 'login',
): Promise<readonly string[]> {
  const accounts = await readPages((page) => lists.compromisedUsers(signal, { ...page, asOfNow: true }))
  const values = new Set(accounts.map(({ usrId, usrLogin }) => (by === 'login' ? usrLogin : usrId) ?? ''))
  values.delete('')
  return [...values]
}
