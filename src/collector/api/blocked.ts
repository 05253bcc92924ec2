import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import type { DenylistEntry, DenylistKind } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import { attribute, type SpanRecord } from '../../model/span-record.ts'
import { parseNetwork } from '../../net/ip.ts'
import { PrefixSet } from '../../net/prefix-set.ts'
import { term } from '../campaign.ts'
import type { Responder } from '../respond/respond.ts'
import type { WafRules } from '../respond/waf-rules.ts'
import { wireRuleIds } from '../wire-rule.ts'
import type { State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { idParams, route } from './route.ts'
import { array, object, oneOf, ref, text } from './schema.ts'
import { toSpan } from './spans.ts'

interface BlockedParts {
  readonly store: Store
  readonly state: State
  readonly responder: Responder
  readonly wafRules: WafRules
  readonly clock: Clock
}

const maxEntries = 10_000
/** Rules that stand for the lists: in every ruleset, and ours (remote-config/list-rules.ts). */
const listRules = new Set(['blk-001-001', 'blk-001-002', 'pc-blk-login', 'pc-blk-ua', 'pc-blk-fp'])

/** `/api/blocked/{securityResponseId}`: what stopped a request, for a person who quotes the id of the block page. */
export function blockedRoutes(
  server: FastifyInstance,
  { store, state, responder, wafRules, clock }: BlockedParts,
): void {
  const recordOf = async (responseId: string): Promise<SpanRecord> => {
    const range = { fromMs: 0, toMs: clock.nowMs() + 120_000 }
    const { records } = await store.search(term(`@${attribute.responseId}`, responseId), range, { limit: 1 })
    const [record] = records
    if (record === undefined) throw fail('NOT_FOUND', `a blocked request ${responseId}`)
    return record
  }

  server.get<{ Params: { id: string } }>(
    '/api/blocked/:id',
    route({
      summary: 'What stopped the request with this id: list entries or rules, to unblock somebody who quotes it',
      tag: 'response',
      params: idParams(),
      reply: object({
        securityResponseId: text,
        reason: oneOf('denylist', 'rule'),
        rules: array(text),
        wafRules: { ...array(ref('WafRuleName')), description: 'managed rules among them; disable one to unblock' },
        entries: { ...array(ref('Entry')), description: 'entries that were in force then and name the request' },
        span: ref('Span'),
      }),
    }),
    async ({ params }) => {
      const record = await recordOf(params.id)
      const rules = listOf(record, attribute.rules)
      const byList = rules.length === 0 || rules.some((rule) => listRules.has(rule))
      return {
        securityResponseId: params.id,
        reason: byList ? 'denylist' : 'rule',
        rules,
        wafRules: wafRules
          .list()
          .filter((rule) => wireRuleIds(rule).some((id) => rules.includes(id)))
          .map(({ id, name, mode }) => ({ id, name, mode })),
        entries: byList ? await entriesFor(state, record) : [],
        span: toSpan(record),
      }
    },
  )

  server.post<{ Params: { id: string } }>(
    '/api/blocked/:id/unblock',
    route({
      summary:
        'Take back every entry in force that stopped the request with this id; networks too, for everyone in them',
      tag: 'response',
      access: 'responder',
      params: idParams(),
      reply: object({ rescinded: array(ref('Entry')) }),
    }),
    async ({ params, principal }) => {
      const nowMs = clock.nowMs()
      const entries = (await entriesFor(state, await recordOf(params.id))).filter((entry) => isInForce(entry, nowMs))
      if (entries.length === 0) throw fail('CONFLICT', 'no entry in force stopped it; look at its rules')
      const rescinded: DenylistEntry[] = []
      for (const { id } of entries) rescinded.push(await responder.rescind('denylist', id, principal.name))
      return { rescinded }
    },
  )
}

function isInForce({ expiresAt, rescindedAt }: DenylistEntry, nowMs: number): boolean {
  return rescindedAt === null && (expiresAt === null || Date.parse(expiresAt) > nowMs)
}

/** Entries that were in force when the request came, and that name its address, network, user, login, agent or prints. */
async function entriesFor(state: State, record: SpanRecord): Promise<readonly DenylistEntry[]> {
  const named: Readonly<Partial<Record<DenylistKind, readonly string[]>>> = {
    ip: listOf(record, attribute.clientIp),
    user: ['usr.id', attribute.userId].flatMap((name) => listOf(record, name)),
    login: ['usr.login', attribute.login].flatMap((name) => listOf(record, name)),
    user_agent: listOf(record, attribute.userAgent),
    fingerprint: ['http.header', 'http.network', 'http.endpoint']
      .map((name) => `_dd.appsec.fp.${name}`)
      .concat('_dd.appsec.fp.session')
      .flatMap((name) => listOf(record, name)),
  }
  const values = [...new Set(Object.values(named).flat())]
  const [exact, networks] = await Promise.all([
    values.length === 0 ? [] : readEntries(state, { values }),
    readEntries(state, { kinds: ['cidr'] }),
  ])
  const ip = named.ip?.[0]
  const covers = ({ value }: DenylistEntry): boolean =>
    ip !== undefined && parseNetwork(value) !== undefined && PrefixSet.from([value]).has(ip)
  return [
    ...exact.filter(({ kind, value }) => named[kind]?.includes(value) === true),
    ...networks.filter(covers),
  ].filter((entry) => wasInForce(entry, record.timestampMs))
}

async function readEntries(
  state: State,
  filter: { readonly values?: readonly string[]; readonly kinds?: readonly DenylistKind[] },
): Promise<readonly DenylistEntry[]> {
  return (await state.entries('denylist', filter, { limit: maxEntries })).items
}

function wasInForce({ createdAt, expiresAt, rescindedAt }: DenylistEntry, atMs: number): boolean {
  // A tracer takes an entry over, and lets it go, a little later than it is written.
  const slackMs = 60_000
  const endedBefore = (end: string | null): boolean => end !== null && Date.parse(end) < atMs - slackMs
  return Date.parse(createdAt) <= atMs + slackMs && !endedBefore(expiresAt) && !endedBefore(rescindedAt)
}

function listOf({ attributes }: SpanRecord, name: string): readonly string[] {
  const value = attributes[name]
  if (value === undefined) return []
  return typeof value === 'object' ? value : [String(value)]
}
