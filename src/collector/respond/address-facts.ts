import type { DenylistKind } from '../../model/denylist-entry.ts'
import type { SignalUpdate } from '../../model/signal.ts'
import { anyValue, attemptFilters, facet, fingerprintFacet, loginSuccess, suppressions, term } from '../campaign.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { slices, topAll, valuesAtOnce } from '../whole-results.ts'

/** What automation blocks by; clusters become WAF rules. */
export type BlockKind = Exclude<DenylistKind, 'cidr'>

/** Something that a rule, or a standing answer of a person, asks to block for a signal. */
export interface Candidate {
  readonly update: SignalUpdate
  readonly kind: BlockKind
  readonly value: string
  readonly forSeconds: number
  /** Who asked: automation, or the person whose answer goes on. */
  readonly by: string
  /** Set for a campaign against one account. */
  readonly failures?: number
}

/** What the store says of candidates, by value. */
export interface StoredFacts {
  /** Distinct users with a success in the 7 days before, for what many people can share. */
  readonly usersBefore: ReadonlyMap<string, number>
  /** Addresses of which some attempt does not say how it was found, or says that a header claimed it. */
  readonly claimed: ReadonlySet<string>
  /** Addresses from which the account of the campaign had logged in in the 30 days before. */
  readonly ofOwner: ReadonlySet<string>
}

const sharedBeforeMs = 7 * 86_400_000
const ownerBeforeMs = 30 * 86_400_000
/** Candidates whose campaigns began within the same stretch are asked about together. */
const slotMs = 600_000

/** What to look at in the records for a kind of entry; a fingerprint says itself which one it is. */
function facetsOf(kind: BlockKind, value: string): string {
  if (kind === 'fingerprint') return fingerprintFacet(value)
  return { ip: facet.ip, user: facet.userId, login: facet.login, user_agent: facet.userAgent }[kind]
}

/** Reads the facts of candidates of one kind, service and rule, whose campaigns began at about the same time. */
export async function readFacts(store: Store, candidates: readonly Candidate[]): Promise<StoredFacts> {
  const usersBefore = new Map<string, number>()
  const claimed = new Set<string>()
  const ofOwner = new Set<string>()
  const [first] = candidates
  if (first === undefined) return { usersBefore, claimed, ofOwner }
  const { rule, signal } = first.update
  const beganMs = Math.min(...candidates.map(({ update }) => Date.parse(update.signal.firstSeen)))
  const lastMs = Math.max(...candidates.map(({ update }) => Date.parse(update.signal.lastSeen)))
  const service = signal.group['service'] === undefined ? '' : `${term('service', signal.group['service'])} `
  const login = signal.group['appsec.events_data.usr.login']
  const before = (ms: number): TimeRange => ({ fromMs: beganMs - ms, toMs: beganMs })
  const values = [...new Set(candidates.map(({ value }) => value))]
  if (first.kind === 'user' || first.kind === 'login') return { usersBefore, claimed, ofOwner }
  if (first.kind !== 'ip') {
    for (const value of values) {
      const query = `${loginSuccess} ${term(facetsOf(first.kind, value), value)}`
      const [row] = await topAll(store, query, before(sharedBeforeMs), [], [{ cardinality: facet.login }])
      usersBefore.set(value, row?.values[1] ?? 0)
    }
    return { usersBefore, claimed, ofOwner }
  }
  for (const ips of slices(values, valuesAtOnce)) {
    const from = anyValue(facet.ip, ips)
    const [users, attempts, sourced, ownSuccesses] = await Promise.all([
      topAll(store, `${loginSuccess} ${from}`, before(sharedBeforeMs), [facet.ip], [{ cardinality: facet.login }]),
      topAll(store, attemptsOf(rule, service, from), { fromMs: beganMs, toMs: lastMs + 1 }, [facet.ip], []),
      topAll(
        store,
        `${attemptsOf(rule, service, from)} ${facet.ipSource}:(socket OR trusted)`,
        { fromMs: beganMs, toMs: lastMs + 1 },
        [facet.ip],
        [],
      ),
      login === undefined
        ? []
        : topAll(store, `${loginSuccess} ${term(facet.login, login)} ${from}`, before(ownerBeforeMs), [facet.ip], []),
    ])
    for (const row of users) usersBefore.set(row.group[facet.ip] ?? '', row.values[1] ?? 0)
    const withSource = new Map(sourced.map((row) => [row.group[facet.ip] ?? '', row.values[0] ?? 0]))
    for (const row of attempts) {
      const ip = row.group[facet.ip] ?? ''
      if ((withSource.get(ip) ?? 0) < (row.values[0] ?? 0)) claimed.add(ip)
    }
    for (const row of ownSuccesses) ofOwner.add(row.group[facet.ip] ?? '')
  }
  return { usersBefore, claimed, ofOwner }
}

/** Candidates that can share the questions to the store: same kind, rule and service, same account if there is one. */
export function groupCandidates(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const groups = new Map<string, Candidate[]>()
  for (const candidate of candidates) {
    const { rule, signal } = candidate.update
    const { kind } = candidate
    const slot = Math.floor(Date.parse(signal.firstSeen) / slotMs)
    const { env, service, 'appsec.events_data.usr.login': login } = signal.group
    const key = JSON.stringify([kind, rule.id, env, service, login, slot])
    const group = groups.get(key) ?? []
    groups.set(key, group)
    group.push(candidate)
  }
  return [...groups.values()]
}

function attemptsOf(rule: SignalUpdate['rule'], service: string, from: string): string {
  return [`${service}${attemptFilters(rule)}`, from, ...suppressions(rule)].join(' ')
}
