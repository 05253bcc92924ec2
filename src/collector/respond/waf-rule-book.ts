import { randomBytes } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { ManagedWafRule, NewWafRule } from '../../model/waf-rule.ts'
import { keepDocuments } from '../keep-documents.ts'
import type { Changes, ResponseRecord, State, WafRuleVersion } from '../state/state.ts'
import { checkWafRule } from './check-waf-rule.ts'
import { automation } from './response-memory.ts'
import type { WafRules } from './waf-rules.ts'

/** Rules of one collector: each goes to every tracer that it is for. */
const maxRules = 500
/** Versions of a rule that are kept; the oldest go first. */
const maxVersions = 50

interface Written {
  readonly author: string
  readonly action: string
  readonly before: ManagedWafRule | null
  readonly deleted?: true
  /** Why the version `before` was taken back by itself. */
  readonly fault?: string
  readonly said?: string
  /** Absent: as it was measured when the rule was added. */
  readonly collateralUsers?: number
}

export async function createWafRules({
  state,
  clock,
  unmeasured,
}: {
  readonly state: State
  readonly clock: Pick<Clock, 'nowMs'>
  /** What a rule looks at although nobody can say whom it would hit; with any, it must not block. */
  readonly unmeasured: (rule: Pick<NewWafRule, 'rule' | 'routes'>) => readonly string[]
}): Promise<WafRules & { close(): void }> {
  const rules = await keepDocuments(state, 'wafRule')
  // One change at a time, so that two of them never make the same version.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = last.then(run)
    last = turn.catch(() => undefined)
    return turn
  }

  const find = (id: string): ManagedWafRule => {
    const found = rules.get(id)
    if (found === undefined) throw fail('NOT_FOUND', `WAF rule ${id}`)
    return found
  }

  const checkMeasured = (rule: Pick<NewWafRule, 'rule' | 'routes'>): void => {
    const inputs = unmeasured(rule)
    if (inputs.length > 0) throw fail('WAF_RULE_UNMEASURED', inputs.join(', '))
  }

  const versionsOf = async (id: string): Promise<readonly WafRuleVersion[]> =>
    (await state.documents('wafRuleVersion'))
      .filter(({ rule }) => rule.id === id)
      .sort((one, other) => other.rule.version - one.rule.version)

  const write = async (rule: ManagedWafRule, written: Written): Promise<ManagedWafRule> => {
    const { author, action, before, deleted = false, fault, said } = written
    const at = new Date(clock.nowMs()).toISOString()
    const version: WafRuleVersion = { id: `${rule.id}@${rule.version}`, rule, at, by: author, deleted, fault: null }
    const stored = await versionsOf(rule.id)
    const faulty = stored.find((one) => one.rule.version === before?.version)
    const tooOld = stored.slice(maxVersions - 1)
    await state.commit({
      documents: [
        deleted ? { kind: 'wafRule', delete: rule.id } : { kind: 'wafRule', put: rule },
        { kind: 'wafRuleVersion', put: version },
        ...(fault === undefined || faulty === undefined
          ? []
          : [{ kind: 'wafRuleVersion', put: { ...faulty, fault } } as const]),
        ...tooOld.map(({ id }) => ({ kind: 'wafRuleVersion', delete: id }) as const),
      ],
      audit: [{ at, by: author, action, subject: rule.id, before, after: deleted ? null : rule }],
      ...ofSignal(rule, {
        by: author,
        at,
        deleted,
        collateralUsers: written.collateralUsers ?? (await collateralUsersOf(rule)),
        ...(said === undefined ? {} : { said }),
      }),
    })
    return rule
  }

  const collateralUsersOf = async ({ id, origin }: ManagedWafRule): Promise<number> => {
    if (origin.signalId === null) return 0
    const responses = await state.responses({ signalId: origin.signalId })
    return responses.find((response) => response.id === responseIdOf(id))?.collateralUsers ?? 0
  }

  const next = (before: ManagedWafRule, changes: Partial<ManagedWafRule>): ManagedWafRule => {
    const updatedAt = new Date(clock.nowMs()).toISOString()
    const isRenewed = changes.rule === undefined && (changes.mode ?? before.mode) === before.mode
    const inModeSince = isRenewed ? before.inModeSince : updatedAt
    return { ...before, ...changes, version: before.version + 1, updatedAt, inModeSince }
  }

  return {
    check: checkWafRule,
    list: () => [...rules.all()].sort((one, other) => (one.name < other.name ? -1 : 1)),
    find,
    async versions(id) {
      const all = await versionsOf(id)
      if (all.length === 0) throw fail('NOT_FOUND', `WAF rule ${id}`)
      return all
    },
    add: (value, author, collateralUsers = 0) =>
      inTurn(async () => {
        const { signalId, clusterId, ...rule } = accepted(value)
        if (rule.mode === 'blocking') checkMeasured(rule)
        const id = typeof rule.rule['id'] === 'string' ? rule.rule['id'] : `waf-${randomBytes(6).toString('hex')}`
        if (rules.get(id) !== undefined) throw fail('CONFLICT', `there is a WAF rule ${id} already`)
        if (rules.all().length >= maxRules) throw fail('CONFLICT', `there are ${maxRules} WAF rules; delete some first`)
        const [newest] = await versionsOf(id)
        const at = new Date(clock.nowMs()).toISOString()
        const origin = { by: author, signalId, clusterId }
        // A rule that comes back after its deletion goes on counting, so that a version names one text only.
        const version = (newest?.rule.version ?? 0) + 1
        const added = { ...rule, id, version, origin, createdAt: at, updatedAt: at, inModeSince: at }
        return write(added, { author, action: 'waf_rule.add', before: null, collateralUsers })
      }),
    replace: (id, value, author) =>
      inTurn(async () => {
        const before = find(id)
        const { signalId: _signal, clusterId: _cluster, ...rule } = accepted(value)
        if (rule.mode === 'blocking') checkMeasured(rule)
        const { version } = value as { readonly version?: unknown }
        if (version !== undefined && version !== before.version) {
          throw fail('CONFLICT', `the WAF rule ${id} is at version ${before.version}; read it again`)
        }
        if (rule.rule['id'] !== undefined && rule.rule['id'] !== id) {
          throw fail(
            'CONFLICT',
            `the WAF rule ${id} cannot become ${JSON.stringify(rule.rule['id'])}; add it as another`,
          )
        }
        return write(next(before, rule), { author, action: 'waf_rule.set', before })
      }),
    change: (id, change, author) =>
      inTurn(async () => {
        const before = find(id)
        if (change.mode === 'blocking') checkMeasured(before)
        return write(next(before, change), { author, action: 'waf_rule.set', before })
      }),
    remove: (id, author) =>
      inTurn(async () => {
        const before = find(id)
        const removed = next(before, { mode: 'disabled' })
        await write(removed, { author, action: 'waf_rule.delete', before, deleted: true })
      }),
    rollBack: (id, version, why) =>
      inTurn(async () => {
        const before = rules.get(id)
        if (before?.version !== version) return
        const said = `the WAF rule "${before.name}" is taken back: ${why}`
        const rolledBack = next(before, { mode: 'disabled' })
        await write(rolledBack, { author: automation, action: 'waf_rule.roll_back', before, fault: why, said })
      }),
    restore: (id, version, why) =>
      inTurn(async () => {
        const before = rules.get(id)
        if (before?.version !== version) return
        const good = (await versionsOf(id)).find(
          (one) => one.rule.version < version && one.fault === null && !one.deleted && isSent(one.rule),
        )
        const restored = next(before, good === undefined ? { mode: 'disabled' } : textOf(good.rule))
        const said = `a tracer refused version ${version} of the WAF rule "${before.name}" (${why}); ${
          good === undefined ? 'it is disabled' : `version ${good.rule.version} is in force again`
        }`
        await write(restored, { author: automation, action: 'waf_rule.restore', before, fault: why, said })
      }),
    close: () => rules.end(),
  }
}

function isSent({ mode }: ManagedWafRule): boolean {
  return mode === 'monitoring' || mode === 'blocking'
}

/** What a version says, without what counts and dates it. */
function textOf({
  version: _version,
  createdAt: _created,
  updatedAt: _updated,
  ...text
}: ManagedWafRule): Omit<ManagedWafRule, 'version' | 'createdAt' | 'updatedAt'> {
  return text
}

/** A rule that answers a signal is one of its responses, taken back when the rule is. */
function ofSignal(
  rule: ManagedWafRule,
  {
    by,
    at,
    deleted,
    collateralUsers,
    said,
  }: {
    readonly by: string
    readonly at: string
    readonly deleted: boolean
    readonly collateralUsers: number
    readonly said?: string
  },
): Pick<Changes, 'responses' | 'timeline'> {
  const { signalId } = rule.origin
  if (signalId === null) return {}
  const isActive = !deleted && isSent(rule)
  const response: ResponseRecord = {
    id: responseIdOf(rule.id),
    signalId,
    entryId: null,
    kind: 'waf_rule',
    value: rule.id,
    by: rule.origin.by,
    at: rule.createdAt,
    until: rule.endsAt,
    undoneAt: isActive ? null : at,
    why: `${rule.name} (${rule.mode})`,
    collateralUsers,
  }
  const text =
    said ??
    (isActive
      ? `the WAF rule "${rule.name}" is ${rule.mode}${rule.endsAt === null ? '' : ` until ${rule.endsAt}`}`
      : `the WAF rule "${rule.name}" is ${deleted ? 'deleted' : rule.mode}`)
  const kind = isActive ? ('response_taken' as const) : ('response_undone' as const)
  return { responses: [response], timeline: [{ signalId, at, by, kind, text }] }
}

/** The id of the response that a managed rule of a signal is. */
function responseIdOf(ruleId: string): string {
  return `waf-rule:${ruleId}`
}

function accepted(value: unknown): NewWafRule {
  const checked = checkWafRule(value)
  if (checked.problems === undefined) return checked.rule
  const { problems } = checked
  const [first] = problems
  throw Object.assign(fail('WAF_RULE_INVALID', first?.path ?? '$', first?.message ?? 'it cannot be read'), { problems })
}
