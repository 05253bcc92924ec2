import type { Clock } from '../../model/clock.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import type { RuleVersion, State } from '../state/state.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { backTest, type BackTestDetail, type BackTestedSignal, type FindClusters } from './back-test.ts'
import { checkRule } from './check-rule.ts'

/** The detection rules as people change them: every change is a version, audited; detection takes it over at once. */
export interface RuleBook {
  list(): Promise<readonly RuleVersion[]>
  /** Rejects with NOT_FOUND. */
  find(id: string): Promise<RuleVersion>
  /** Newest first, deleted ones included. Rejects with NOT_FOUND. */
  versions(id: string): Promise<readonly RuleVersion[]>
  /** Rejects with DETECTION_RULE_INVALID, which carries all `problems`; with CONFLICT when the id is taken. */
  add(value: unknown, author: string): Promise<DetectionRule>
  /** A `version` in the rule has to be the one in force. Rejects with NOT_FOUND, DETECTION_RULE_INVALID, CONFLICT. */
  replace(id: string, value: unknown, author: string): Promise<DetectionRule>
  remove(id: string, author: string): Promise<void>
  /** What a rule, or the one of this id, would have signalled in a range of what is stored. */
  test(
    rule: { readonly value: unknown } | { readonly id: string },
    options: BackTestDetail & { readonly range: TimeRange },
  ): Promise<{ readonly signals: readonly BackTestedSignal[]; readonly total: number }>
}

export function createRuleBook({
  state,
  store,
  clock,
  findClusters,
}: {
  readonly state: State
  readonly store: Store
  readonly clock: Clock
  /** For back-tests; without it their signals have no clusters. */
  readonly findClusters?: FindClusters
}): RuleBook {
  const find = async (id: string): Promise<RuleVersion> => {
    const found = (await state.rules()).find(({ rule }) => rule.id === id)
    if (found === undefined) throw fail('NOT_FOUND', `detection rule ${id}`)
    return found
  }

  const write = async (
    rule: DetectionRule,
    version: number,
    change: { readonly author: string; readonly action: string; readonly before: unknown; readonly deleted?: true },
  ): Promise<DetectionRule> => {
    const { author, action, before, deleted = false } = change
    const at = new Date(clock.nowMs()).toISOString()
    const after = { ...rule, version }
    await state.commit({
      rules: [{ rule: after, at, by: author, deleted }],
      audit: [{ at, by: author, action, subject: rule.id, before, after: deleted ? null : after }],
    })
    return after
  }

  return {
    list: () => state.rules(),
    find,
    async versions(id) {
      const all = await state.ruleVersions(id)
      if (all.length === 0) throw fail('NOT_FOUND', `detection rule ${id}`)
      return all
    },
    async add(value, author) {
      const rule = accepted(value)
      const [newest] = await state.ruleVersions(rule.id)
      if (newest !== undefined && !newest.deleted) throw fail('CONFLICT', `there is a rule ${rule.id} already`)
      // A rule that comes back after its deletion goes on counting, so that a version names one text only.
      return write(rule, (newest?.rule.version ?? 0) + 1, { author, action: 'rule.add', before: null })
    },
    async replace(id, value, author) {
      const { rule: before } = await find(id)
      const rule = accepted(typeof value === 'object' && value !== null ? { ...value, id } : value)
      if (rule.version !== undefined && rule.version !== before.version) {
        throw fail('CONFLICT', `the rule ${id} is at version ${before.version}; read it again`)
      }
      return write(rule, before.version + 1, { author, action: 'rule.set', before })
    },
    async remove(id, author) {
      const { rule } = await find(id)
      await write(rule, rule.version + 1, { author, action: 'rule.delete', before: rule, deleted: true })
    },
    async test(wanted, options) {
      const rule = 'id' in wanted ? (await find(wanted.id)).rule : accepted(wanted.value)
      const others = (await state.rules()).map((version) => version.rule)
      return backTest(store, rule, { ...options, others, findClusters })
    },
  }
}

function accepted(value: unknown): DetectionRule {
  const checked = checkRule(value)
  if (checked.problems === undefined) return checked.rule
  const { problems } = checked
  const [first] = problems
  throw Object.assign(fail('DETECTION_RULE_INVALID', first?.path ?? '$', first?.message ?? 'it cannot be read'), {
    problems,
  })
}
