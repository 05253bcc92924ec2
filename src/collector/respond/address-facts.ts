import type { SignalUpdate } from '../../model/signal.ts'
import {
  anyValue,
  attemptFilters,
  attemptsQuery,
  campaignRange,
  facet,
  loginSuccess,
  suppressions,
  term,
} from '../campaign.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { slices, topAll, valuesAtOnce } from '../whole-results.ts'

/** An address that a rule asks to block for a signal. `failures` is set for a campaign against one account. */
export interface Candidate {
  readonly update: SignalUpdate
  readonly ip: string
  readonly forSeconds: number
  readonly failures?: number
}

/** What the store says of candidates, by address. */
export interface StoredFacts {
  /** Distinct users with a success in the 7 days before. */
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

/** The addresses that a signal's group names, or, for a campaign against one account, those that tried it. */
export async function findCandidates(
  store: Store,
  update: SignalUpdate,
  forSeconds: number,
): Promise<readonly Candidate[]> {
  const { signal, rule } = update
  const ip = signal.group['http.client_ip']
  if (ip !== undefined) return [{ update, ip, forSeconds }]
  const rows = await topAll(store, attemptsQuery({ rule, signal }), campaignRange(signal), [facet.ip], [])
  return rows.map((row) => ({
    update,
    ip: row.group[facet.ip] ?? '',
    forSeconds,
    failures: row.values[0] ?? 0,
  }))
}

/** Reads the facts of candidates of one service and rule, whose campaigns began at about the same time. */
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

  for (const ips of slices([...new Set(candidates.map(({ ip }) => ip))], valuesAtOnce)) {
    const from = anyValue(facet.ip, ips)
    const before = (ms: number): TimeRange => ({ fromMs: beganMs - ms, toMs: beganMs })
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

/** Candidates that can share the questions to the store: same rule and service, same account if there is one. */
export function groupCandidates(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const groups = new Map<string, Candidate[]>()
  for (const candidate of candidates) {
    const { rule, signal } = candidate.update
    const slot = Math.floor(Date.parse(signal.firstSeen) / slotMs)
    const { env, service, 'appsec.events_data.usr.login': login } = signal.group
    const key = JSON.stringify([rule.id, env, service, login, slot])
    const group = groups.get(key) ?? []
    groups.set(key, group)
    group.push(candidate)
  }
  return [...groups.values()]
}

function attemptsOf(rule: SignalUpdate['rule'], service: string, from: string): string {
  return [`${service}${attemptFilters(rule)}`, from, ...suppressions(rule)].join(' ')
}
