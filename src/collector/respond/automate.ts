import { randomUUID } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import type { DenylistEntry } from '../../model/denylist-entry.ts'
import { formatIp, isPrivate, parseIp } from '../../net/ip.ts'
import type { PrefixSet } from '../../net/prefix-set.ts'
import type { SignalUpdate, TimelineEntry } from '../../model/signal.ts'
import { bareName, facet, loginSuccess } from '../campaign.ts'
import type { AuditEntry, Changes, ListedEntry, ResponseRecord, StandingAnswer, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { readPages, topAll } from '../whole-results.ts'
import { groupCandidates, readFacts } from './address-facts.ts'
import type { Candidate } from './address-facts.ts'
import { findCandidates, findJoined } from './candidates.ts'
import { ceilingOf, decideAddress, whyOverCeiling } from './decide.ts'
import type { Ceiling } from './decide.ts'
import type { Passlist } from './passlist.ts'
import type { AnswerLists, AutomationSettings, Switches } from './respond.ts'
import { automation } from './response-memory.ts'
import type { ResponseMemory } from './response-memory.ts'
import type { SpareOrdinary } from './spare-ordinary.ts'

export interface AutomationParts {
  readonly store: Store
  readonly state: State
  readonly lists: AnswerLists
  readonly clock: Clock
  readonly settings: AutomationSettings
  readonly switches: () => Switches
  readonly trustedProxies: PrefixSet
  readonly memory: ResponseMemory
  readonly spareOrdinary: SpareOrdinary
  readonly passlist: { read(nowMs: number): Promise<Passlist> }
  /** Why no address of a service can be blocked; undefined where they can. */
  readonly addressFinding: (service: string, nowMs: number) => Promise<string | undefined>
  /** Answers of persons that go on while a signal is open. */
  readonly standing: (signalId: string) => readonly StandingAnswer[]
  /** How far a standing answer has looked; the event time from which it looks next. */
  readonly lookedThrough: Map<string, number>
  /** Whether this refusal was said before, so that a timeline has it once. */
  readonly isNewRefusal: (signalId: string, value: string, why: string) => boolean
}

const hourMs = 3_600_000
/** Recent users, of whom the ceiling is a share: those of the last day. */
const recentMs = 86_400_000

interface Collected {
  readonly entries: ListedEntry[]
  readonly responses: ResponseRecord[]
  readonly timeline: TimelineEntry[]
  readonly audit: AuditEntry[]
}

/**
 * What automation, and the answers of persons that go on, do about these updates: blocks with an end, each with its
 * reason, and refusals with theirs.
 */
export async function automate(parts: AutomationParts, updates: readonly SignalUpdate[]): Promise<Changes> {
  const { state, clock } = parts
  const nowMs = clock.nowMs()
  const collected: Collected = { entries: [], responses: [], timeline: [], audit: [] }
  const candidates = await candidatesOf(parts, collected, updates, nowMs)
  if (candidates.length === 0) return collected

  const groups = groupCandidates(candidates)
  const values = candidates.map(({ value }) => value)
  const [active, passlist, settingsOf, ordinary, facts] = await Promise.all([
    activeEntries(state, values, nowMs),
    parts.passlist.read(nowMs),
    state.documents('service'),
    ordinaryAmong(parts, candidates, nowMs),
    Promise.all(groups.map((group) => readFacts(parts.store, group))),
  ])
  const services = new Map(settingsOf.map((service) => [service.id, service]))
  let ceiling: Ceiling | undefined

  for (const [index, group] of groups.entries()) {
    for (const candidate of group) {
      const { kind, value, update } = candidate
      const service = update.signal.group['service'] ?? ''
      const known = facts[index]
      const usersBefore = known?.usersBefore.get(value) ?? 0
      const isAddress = kind === 'ip'
      const serviceVerified = isVerified(parts.settings, services.get(service)?.clientIpVerified === true, service)
      const looksOrdinary = isAddress ? ordinary.get(update.signal.id)?.get(value) : undefined
      const finding = isAddress && !serviceVerified ? await parts.addressFinding(service, nowMs) : undefined
      const verdict = decideAddress(
        {
          isPrivate: isAddress && isPrivate(value),
          isTrustedProxy: isAddress && parts.trustedProxies.has(value),
          isPasslisted: isAddress ? passlist.addresses.has(value) : kind === 'user' && passlist.users.has(value),
          eventsTrusted: update.trusted,
          isClaimed: isAddress && known?.claimed.has(value) !== false,
          serviceVerified,
          ...(finding === undefined ? {} : { finding }),
          usersBefore,
          ...(candidate.failures === undefined
            ? {}
            : { onAccount: { failures: candidate.failures, succeededBefore: known?.ofOwner.has(value) === true } }),
          ...(looksOrdinary === undefined ? {} : { looksOrdinary }),
        },
        parts.settings,
      )
      if (!verdict.block) {
        // In a campaign of many addresses most are people with a typo: leaving them alone is no news.
        const isNews =
          update.what !== 'continued' || (candidate.failures === undefined && verdict.why !== looksOrdinary)
        if (isNews) sayRefused(parts, collected, update, value, verdict.why, nowMs)
        continue
      }
      ceiling ??= await readCeiling(parts, nowMs)
      const over = whyOverCeiling(ceiling, usersBefore)
      if (over !== undefined) {
        sayRefused(parts, collected, update, value, over, nowMs)
        continue
      }
      ceiling = { ...ceiling, usedUsers: ceiling.usedUsers + usersBefore }
      const key = keyOf(kind, value)
      active.set(key, block(collected, candidate, active.get(key), usersBefore, nowMs))
    }
  }
  return collected
}

/** By signal, the addresses that look ordinary; a campaign against one account has exceptions of its own. */
async function ordinaryAmong(
  { spareOrdinary }: AutomationParts,
  candidates: readonly Candidate[],
  nowMs: number,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const asked = new Map<string, { readonly update: SignalUpdate; readonly ips: string[] }>()
  for (const { update, kind, value } of candidates) {
    if (kind !== 'ip' || update.signal.group[bareName(facet.login)] !== undefined) continue
    const known = asked.get(update.signal.id)
    if (known === undefined) asked.set(update.signal.id, { update, ips: [value] })
    else known.ips.push(value)
  }
  const found = new Map<string, ReadonlyMap<string, string>>()
  for (const [signalId, { update, ips }] of asked) found.set(signalId, await spareOrdinary(update, ips, nowMs))
  return found
}

/** What rules and standing answers ask to block and is not blocked for the signal. */
async function candidatesOf(
  parts: AutomationParts,
  collected: Collected,
  updates: readonly SignalUpdate[],
  nowMs: number,
): Promise<readonly Candidate[]> {
  const { memory, switches, standing, lookedThrough } = parts
  const { automation: isOn, blocking } = switches()
  const found: Candidate[] = []
  for (const update of updates) {
    const { signal, rule, what } = update
    if (what === 'closed' || signal.state === 'archived') continue
    if (isOn && blocking) {
      const ruleCase = rule.cases.find(({ name }) => name === signal.case)
      for (const response of ruleCase?.respond ?? []) {
        if ('flag' in response) flag(parts, collected, update, nowMs)
        if (!('block' in response)) continue
        const asked = await findCandidates(parts, update, response)
        if (asked === undefined) {
          const why = `the rule groups by nothing that names a ${response.block.replace('_', ' ')}`
          sayRefused(parts, collected, update, response.block, why, nowMs)
        }
        found.push(...(asked ?? []))
      }
    }
    for (const answer of standing(signal.id)) {
      found.push(...(await findJoined(parts, update, answer, lookedThrough.get(answer.id) ?? Date.parse(answer.at))))
      lookedThrough.set(answer.id, Date.parse(signal.lastSeen))
    }
  }
  const asked = new Set<string>()
  return found.filter(({ update, kind, value }) => {
    const key = JSON.stringify([update.signal.id, kind, value])
    if (value === '' || asked.has(key)) return false
    asked.add(key)
    return isOpen(memory.of(update.signal.id, `block_${kind}`, value), nowMs)
  })
}

function isVerified({ verifiedServices }: AutomationSettings, byHand: boolean, service: string): boolean {
  return byHand || verifiedServices.includes('*') || verifiedServices.includes(service)
}

/** A person's undo holds for the signal; a block that ended is renewed while the campaign goes on. */
function isOpen(response: ResponseRecord | undefined, nowMs: number): boolean {
  if (response === undefined) return true
  return response.undoneAt === null && response.until !== null && Date.parse(response.until) <= nowMs
}

function keyOf(kind: string, value: string): string {
  return `${kind} ${value}`
}

async function activeEntries(state: State, all: readonly string[], nowMs: number): Promise<Map<string, DenylistEntry>> {
  const filter = { activeAtMs: nowMs, values: [...new Set(all)] }
  const entries = await readPages((page) => state.entries('denylist', filter, page))
  return new Map(entries.map((entry) => [keyOf(entry.kind, entry.value), entry]))
}

/** What blocks of the hour may touch and do, whatever they block by. */
export async function readCeiling(
  { store, settings, memory }: Pick<AutomationParts, 'store' | 'settings' | 'memory'>,
  nowMs: number,
): Promise<Ceiling> {
  const range = { fromMs: nowMs - recentMs, toMs: nowMs + 1 }
  const rows = await topAll(store, loginSuccess, range, ['service'], [{ cardinality: facet.login }])
  const recentUsers = rows.reduce((sum, row) => sum + (row.values[1] ?? 0), 0)
  return ceilingOf(recentUsers, settings.ceilingShare, memory.collateralSince(nowMs - hourMs))
}

function sayRefused(
  parts: AutomationParts,
  collected: Collected,
  { signal }: SignalUpdate,
  what: string,
  why: string,
  nowMs: number,
): void {
  if (!parts.isNewRefusal(signal.id, what, why)) return
  collected.timeline.push({
    signalId: signal.id,
    at: new Date(nowMs).toISOString(),
    by: automation,
    kind: 'response_refused',
    text: `${what} is not blocked: ${why}`,
  })
}

/** How long an address counts as suspicious; nothing is stopped for it. */
const flagMs = 86_400_000

/** Marks the address of a signal as suspicious, for those who look at it later. */
function flag({ memory }: AutomationParts, collected: Collected, { signal }: SignalUpdate, nowMs: number): void {
  const ip = signal.group['http.client_ip']
  if (ip === undefined || !isOpen(memory.of(signal.id, 'flag_ip', ip), nowMs)) return
  const at = new Date(nowMs).toISOString()
  const until = new Date(nowMs + flagMs).toISOString()
  const why = `${signal.rule.name}: ${signal.case}`
  collected.responses.push({
    id: randomUUID(),
    signalId: signal.id,
    entryId: null,
    kind: 'flag_ip',
    value: ip,
    by: automation,
    at,
    until,
    undoneAt: null,
    why,
    collateralUsers: 0,
  })
  collected.timeline.push({
    signalId: signal.id,
    at,
    by: automation,
    kind: 'response_taken',
    text: `${ip} is flagged as suspicious until ${until}`,
  })
}

/** Blocks the value for the signal; one that is blocked long enough already is only noted as its response. */
function block(
  collected: Collected,
  { kind, value: asked, update, forSeconds, by }: Candidate,
  existing: DenylistEntry | undefined,
  collateralUsers: number,
  nowMs: number,
): DenylistEntry {
  const { signal } = update
  const at = new Date(nowMs).toISOString()
  const until = new Date(nowMs + forSeconds * 1000).toISOString()
  const why = `${signal.rule.name}: ${signal.case}`
  const words = kind === 'ip' ? parseIp(asked) : undefined
  const value = words === undefined ? asked : formatIp(words)
  const entry: DenylistEntry =
    existing ??
    ({
      id: randomUUID(),
      kind,
      value,
      expiresAt: until,
      reason: why,
      signalId: signal.id,
      author: by,
      createdAt: at,
      rescindedAt: null,
      rescindedBy: null,
    } satisfies DenylistEntry)
  const response: ResponseRecord = {
    id: randomUUID(),
    signalId: signal.id,
    entryId: entry.id,
    kind: `block_${kind}`,
    value: asked,
    by,
    at,
    until: entry.expiresAt,
    undoneAt: null,
    why,
    collateralUsers: existing === undefined ? collateralUsers : 0,
  }
  collected.responses.push(response)
  if (existing === undefined) {
    collected.entries.push({ list: 'denylist', entry })
    collected.audit.push({ at, by, action: 'denylist.add', subject: entry.id, before: null, after: entry })
  }
  collected.timeline.push({
    signalId: signal.id,
    at,
    by,
    kind: 'response_taken',
    text:
      existing === undefined
        ? `${asked} is blocked until ${until}`
        : `${asked} was blocked already, until ${entry.expiresAt ?? 'further notice'}`,
  })
  return entry
}
