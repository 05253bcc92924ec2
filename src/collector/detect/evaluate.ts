import type { DetectionRule, RuleCase, Severity } from '../../model/detection-rule.ts'
import { severities } from '../../model/detection-rule.ts'
import type { SignalUpdate } from '../../model/signal.ts'
import type { SignalFacts } from '../state/state.ts'
import type { WindowCounts } from '../store/store.ts'
import { compileCondition } from './condition.ts'
import type { Condition, Finding } from './condition.ts'
import { signalQuery } from '../campaign.ts'
import { groupKey, signalGroup, signalTitle } from './group.ts'

/** A rule with its conditions compiled, made once a version. */
export interface CompiledRule {
  readonly rule: DetectionRule & { readonly version: number }
  readonly conditions: readonly Condition[]
}

/** Compiles a rule that `checkRule` has accepted. */
export function compileRule(rule: DetectionRule & { readonly version: number }): CompiledRule {
  const conditions = rule.cases.map(({ when }) => {
    const compiled = compileCondition(when, rule)
    if ('problem' in compiled) throw new TypeError(`${rule.id}: ${compiled.problem}`)
    return compiled.condition
  })
  return { rule, conditions }
}

export interface Evaluation {
  readonly compiled: CompiledRule
  /** In the order of `toMs`. */
  readonly windows: readonly WindowCounts[]
  /** The latest signal of each group of this rule, by `groupKey`. */
  readonly latest: ReadonlyMap<string, SignalFacts>
  readonly findingOf: (window: WindowCounts) => Finding
  readonly nowMs: number
  readonly newId: () => string
}

/** A signal archived by a person comes back within this time, if what happens is worse. */
const reopenWithinMs = 30 * 86_400_000

/**
 * What windows do to the signals of a rule: pure, so that live evaluation and back-test are the same. One update a
 * signal that opened or changed, in the order in which they first did.
 */
export function evaluate(evaluation: Evaluation): readonly SignalUpdate[] {
  const { compiled, windows, latest } = evaluation
  const updates = new Map<string, SignalUpdate>()
  const current = new Map(latest)
  const note = (update: SignalUpdate): void => {
    const { id } = update.signal
    const before = updates.get(id)
    updates.set(id, before === undefined ? update : merge(before, update))
  }
  for (const window of windows) {
    const matched = matchCase(compiled, window, evaluation.findingOf)
    if (matched === undefined) continue
    const key = groupKey(window.group)
    let signal = current.get(key)
    if (signal !== undefined && signal.closedAt === null) {
      const end = endOf(compiled.rule, signal)
      if (window.toMs > end) {
        signal = closeSignal(signal, end)
        note({ what: 'closed', signal, rule: compiled.rule, trusted: window.trusted })
      }
    }
    const update = fold(evaluation, signal, window, matched)
    if (update === undefined) continue
    current.set(key, update.signal)
    note(update)
  }
  return [...updates.values()]
}

/** Signals whose end has come by `nowMs`: quiet for `keepAliveSeconds`, or open for `maxSignalSeconds`. */
export function closeQuiet(
  rule: DetectionRule,
  signals: Iterable<SignalFacts>,
  nowMs: number,
): readonly SignalUpdate[] {
  const updates: SignalUpdate[] = []
  for (const signal of signals) {
    if (signal.closedAt !== null) continue
    const end = endOf(rule, signal)
    if (end < nowMs) updates.push({ what: 'closed', signal: closeSignal(signal, end), rule, trusted: true })
  }
  return updates
}

function endOf(rule: DetectionRule, signal: SignalFacts): number {
  return Math.min(
    Date.parse(signal.lastSeen) + rule.keepAliveSeconds * 1000,
    Date.parse(signal.openedAt) + rule.maxSignalSeconds * 1000,
  )
}

function closeSignal(signal: SignalFacts, endMs: number): SignalFacts {
  return {
    ...signal,
    closedAt: new Date(endMs).toISOString(),
    state: signal.state === 'open' ? 'closed' : signal.state,
  }
}

interface MatchedCase {
  readonly ruleCase: RuleCase
  readonly severity: Severity
}

function matchCase(
  { rule, conditions }: CompiledRule,
  window: WindowCounts,
  findingOf: Evaluation['findingOf'],
): MatchedCase | undefined {
  const finding = findingOf(window)
  const index = conditions.findIndex((condition) => condition(window.counts, finding))
  const ruleCase = rule.cases[index]
  return ruleCase === undefined
    ? undefined
    : { ruleCase, severity: lowerByEnv(ruleCase.severity, window.group['env'] ?? '') }
}

/** What happens in staging, test and development environments is one step less severe (spec/detection.md 1.2). */
export function lowerByEnv(severity: Severity, env: string): Severity {
  if (!/^(?:staging|test|dev)/i.test(env)) return severity
  return severities[Math.max(0, severities.indexOf(severity) - 1)] ?? severity
}

/** Whether a severity is more than another. */
export function isWorse(severity: Severity, than: Severity): boolean {
  return severities.indexOf(severity) > severities.indexOf(than)
}

function fold(
  evaluation: Evaluation,
  signal: SignalFacts | undefined,
  window: WindowCounts,
  matched: MatchedCase,
): SignalUpdate | undefined {
  const { rule } = evaluation.compiled
  const { trusted } = window
  if (signal === undefined) return { what: 'opened', signal: openSignal(evaluation, window, matched), rule, trusted }
  const worse = isWorse(matched.severity, signal.severity)
  if (signal.closedAt !== null) {
    const closedMs = Date.parse(signal.closedAt)
    // A late record can touch a window of a campaign that is over; it was part of that one.
    if (window.toMs <= closedMs) return undefined
    const comesBack = signal.state === 'archived' && worse && window.toMs - closedMs <= reopenWithinMs
    return comesBack
      ? { what: 'reopened', signal: grow(rule, { ...signal, ...reopened }, window, matched), rule, trusted }
      : { what: 'opened', signal: openSignal(evaluation, window, matched), rule, trusted }
  }
  if (!worse) return { what: 'continued', signal: grow(rule, signal, window, undefined), rule, trusted }
  return signal.state === 'archived'
    ? { what: 'reopened', signal: grow(rule, { ...signal, ...reopened }, window, matched), rule, trusted }
    : { what: 'escalated', signal: grow(rule, signal, window, matched), rule, trusted }
}

const reopened = { state: 'open', archiveReason: null, closedAt: null } as const

function openSignal({ compiled, nowMs, newId }: Evaluation, window: WindowCounts, matched: MatchedCase): SignalFacts {
  const { rule } = compiled
  const group = signalGroup(window.group)
  const { ruleCase, severity } = matched
  return {
    id: newId(),
    rule: { id: rule.id, name: rule.name, version: rule.version },
    case: ruleCase.name,
    severity,
    title: signalTitle(rule, group, ruleCase.name),
    state: 'open',
    archiveReason: null,
    group,
    tags: rule.tags,
    firstSeen: new Date(window.firstSeenMs).toISOString(),
    openedAt: new Date(window.toMs).toISOString(),
    createdAt: new Date(nowMs).toISOString(),
    lastSeen: new Date(window.lastSeenMs).toISOString(),
    closedAt: null,
    counts: window.counts,
    compromisedUsers: 0,
    targetedUsers: 0,
    attackingIps: 0,
    threatIntelShare: 0,
    query: signalQuery(rule, group),
  }
}

/** The signal after one more window; its case, title and severity change only for the worse. */
function grow(
  rule: DetectionRule,
  signal: SignalFacts,
  window: WindowCounts,
  worse: MatchedCase | undefined,
): SignalFacts {
  const counts: Record<string, number> = { ...signal.counts }
  for (const [name, count] of Object.entries(window.counts)) counts[name] = Math.max(counts[name] ?? 0, count)
  return {
    ...signal,
    lastSeen: new Date(Math.max(Date.parse(signal.lastSeen), window.lastSeenMs)).toISOString(),
    counts,
    ...(worse === undefined
      ? {}
      : {
          case: worse.ruleCase.name,
          severity: worse.severity,
          title: signalTitle(rule, signal.group, worse.ruleCase.name),
        }),
  }
}

const weight = { continued: 0, escalated: 1, reopened: 2, opened: 3, closed: 4 } as const

/** Two updates of one signal in one tick are one; it says the more telling of the two. */
function merge(before: SignalUpdate, after: SignalUpdate): SignalUpdate {
  return {
    ...after,
    what: weight[after.what] >= weight[before.what] ? after.what : before.what,
    trusted: before.trusted && after.trusted,
  }
}
