import { randomUUID } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import type { DenylistEntry } from '../../model/denylist-entry.ts'
import { formatIp, isPrivate, parseIp } from '../../net/ip.ts'
import type { PrefixSet } from '../../net/prefix-set.ts'
import type { SignalUpdate, TimelineEntry } from '../../model/signal.ts'
import { facet, loginSuccess } from '../campaign.ts'
import type { AuditEntry, Changes, ListedEntry, ResponseRecord, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { topAll } from '../whole-results.ts'
import { findCandidates, groupCandidates, readFacts } from './address-facts.ts'
import type { Candidate } from './address-facts.ts'
import { ceilingOf, decideAddress, fitsCeiling } from './decide.ts'
import type { Ceiling } from './decide.ts'
import type { AutomationSettings } from './respond.ts'
import { automation } from './response-memory.ts'
import type { ResponseMemory } from './response-memory.ts'

export interface AutomationParts {
  readonly store: Store
  readonly state: State
  readonly clock: Clock
  readonly settings: AutomationSettings
  readonly trustedProxies: PrefixSet
  readonly memory: ResponseMemory
  readonly passlist: { read(nowMs: number): Promise<PrefixSet> }
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

/** What automation does about these updates: blocks with an end, each with its reason, and refusals with theirs. */
export async function automate(parts: AutomationParts, updates: readonly SignalUpdate[]): Promise<Changes> {
  const { store, state, clock, settings, memory } = parts
  if (!settings.enabled) return {}
  const nowMs = clock.nowMs()
  const candidates: Candidate[] = []
  for (const update of updates) {
    if (update.what === 'closed' || update.signal.state === 'archived') continue
    const ruleCase = update.rule.cases.find(({ name }) => name === update.signal.case)
    for (const response of ruleCase?.respond ?? []) {
      if (!('block' in response) || response.block !== 'ip') continue
      const found = await findCandidates(store, update, response.forSeconds)
      candidates.push(...found.filter(({ ip }) => isOpen(memory.of(update.signal.id, 'block_ip', ip), nowMs)))
    }
  }
  if (candidates.length === 0) return {}

  const groups = groupCandidates(candidates)
  const ips = candidates.map(({ ip }) => ip)
  const [active, passlist, settingsOf, facts] = await Promise.all([
    activeEntries(state, ips, nowMs),
    parts.passlist.read(nowMs),
    state.documents('service'),
    Promise.all(groups.map((group) => readFacts(store, group))),
  ])
  const services = new Map(settingsOf.map((service) => [service.id, service]))
  let ceiling: Ceiling | undefined
  const collected: Collected = { entries: [], responses: [], timeline: [], audit: [] }

  for (const [index, group] of groups.entries()) {
    for (const candidate of group) {
      const { ip, update } = candidate
      const service = update.signal.group['service'] ?? ''
      const known = facts[index]
      const usersBefore = known?.usersBefore.get(ip) ?? 0
      const verdict = decideAddress(
        {
          ip,
          isPrivate: isPrivate(ip),
          isTrustedProxy: parts.trustedProxies.has(ip),
          isPasslisted: passlist.has(ip),
          eventsTrusted: update.trusted,
          isClaimed: known?.claimed.has(ip) !== false,
          serviceVerified:
            settings.verifiedServices.includes('*') ||
            settings.verifiedServices.includes(service) ||
            services.get(service)?.clientIpVerified === true,
          usersBefore,
          ...(candidate.failures === undefined
            ? {}
            : { onAccount: { failures: candidate.failures, succeededBefore: known?.ofOwner.has(ip) === true } }),
        },
        settings,
      )
      if (!verdict.block) {
        refuse(parts, collected, candidate, verdict.why, nowMs)
        continue
      }
      ceiling ??= await readCeiling(parts, nowMs)
      if (!fitsCeiling(ceiling, usersBefore)) {
        const why = `blocks of this hour already touch ${ceiling.usedUsers} of the ${ceiling.maxUsers} users that they may`
        refuse(parts, collected, candidate, why, nowMs)
        continue
      }
      ceiling = { ...ceiling, usedUsers: ceiling.usedUsers + usersBefore }
      const entry = block(collected, candidate, active.get(ip), usersBefore, nowMs)
      active.set(ip, entry)
    }
  }
  return collected
}

/** A person's undo holds for the signal; a block that ended is renewed while the campaign goes on. */
function isOpen(response: ResponseRecord | undefined, nowMs: number): boolean {
  if (response === undefined) return true
  return response.undoneAt === null && response.until !== null && Date.parse(response.until) <= nowMs
}

async function activeEntries(state: State, ips: readonly string[], nowMs: number): Promise<Map<string, DenylistEntry>> {
  const values = [...new Set(ips)]
  const filter = { activeAtMs: nowMs, kinds: ['ip' as const], values }
  const found = new Map<string, DenylistEntry>()
  let cursor: string | undefined
  do {
    const page = await state.entries('denylist', filter, { limit: 10_000, ...(cursor === undefined ? {} : { cursor }) })
    for (const entry of page.items) found.set(entry.value, entry)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return found
}

async function readCeiling({ store, settings, memory }: AutomationParts, nowMs: number): Promise<Ceiling> {
  const range = { fromMs: nowMs - recentMs, toMs: nowMs + 1 }
  const rows = await topAll(store, loginSuccess, range, ['service'], [{ cardinality: facet.login }])
  const recentUsers = rows.reduce((sum, row) => sum + (row.values[1] ?? 0), 0)
  return ceilingOf(recentUsers, settings.ceilingShare, memory.collateralSince(nowMs - hourMs))
}

function refuse(parts: AutomationParts, collected: Collected, candidate: Candidate, why: string, nowMs: number): void {
  const { ip, update, failures } = candidate
  // Against one account, most addresses are people with a typo: leaving them alone is no news.
  if (failures !== undefined && update.what === 'continued') return
  if (!parts.isNewRefusal(update.signal.id, ip, why)) return
  collected.timeline.push({
    signalId: update.signal.id,
    at: new Date(nowMs).toISOString(),
    by: automation,
    kind: 'response_refused',
    text: `${ip} is not blocked: ${why}`,
  })
}

/** Blocks the address for the signal; one that is blocked long enough already is only noted as its response. */
function block(
  collected: Collected,
  { ip, update, forSeconds }: Candidate,
  existing: DenylistEntry | undefined,
  collateralUsers: number,
  nowMs: number,
): DenylistEntry {
  const { signal } = update
  const at = new Date(nowMs).toISOString()
  const until = new Date(nowMs + forSeconds * 1000).toISOString()
  const why = `${signal.rule.name}: ${signal.case}`
  const words = parseIp(ip)
  const entry: DenylistEntry =
    existing ??
    ({
      id: randomUUID(),
      kind: 'ip',
      value: words === undefined ? ip : formatIp(words),
      expiresAt: until,
      reason: why,
      signalId: signal.id,
      author: automation,
      createdAt: at,
      rescindedAt: null,
      rescindedBy: null,
    } satisfies DenylistEntry)
  const response: ResponseRecord = {
    id: randomUUID(),
    signalId: signal.id,
    entryId: entry.id,
    kind: 'block_ip',
    value: ip,
    by: automation,
    at,
    until: entry.expiresAt,
    undoneAt: null,
    why,
    collateralUsers: existing === undefined ? collateralUsers : 0,
  }
  collected.responses.push(response)
  if (existing === undefined) {
    collected.entries.push({ list: 'denylist', entry })
    collected.audit.push({ at, by: automation, action: 'denylist.add', subject: entry.id, before: null, after: entry })
  }
  collected.timeline.push({
    signalId: signal.id,
    at,
    by: automation,
    kind: 'response_taken',
    text:
      existing === undefined
        ? `${ip} is blocked until ${until}`
        : `${ip} was blocked already, until ${entry.expiresAt ?? 'further notice'}`,
  })
  return entry
}
