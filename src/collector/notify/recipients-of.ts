import type { DetectionRule, RuleNotify, Severity } from '../../model/detection-rule.ts'
import type { SignalEventType } from '../../model/notification.ts'
import type { NotificationRule, NotifiedMark, Recipient } from '../state/notification-records.ts'
import type { SignalFacts } from '../state/state.ts'

export interface Policy {
  readonly rules: readonly NotificationRule[]
  readonly recipients: readonly Recipient[]
  /** The rule that raised the signal, as it now is. */
  readonly detectionRule: Pick<DetectionRule, 'notify' | 'cases' | 'message'> | undefined
}

/** Ids of the recipients that an event is for, each once. */
export function recipientsOf(
  type: SignalEventType,
  signal: SignalFacts,
  told: NotifiedMark | undefined,
  policy: Policy,
): readonly string[] {
  const byRules = policy.rules
    .filter((rule) => {
      if (!rule.enabled || !matches(rule, signal)) return false
      const toldOfRange = told !== undefined && inRange(rule, told.severity)
      return type !== 'signal.escalated' || !toldOfRange
    })
    .flatMap(({ recipients }) => recipients)
  const changedCase = told?.case !== signal.case
  const byRule = (policy.detectionRule?.notify ?? []).filter(() => type !== 'signal.escalated')
  const byCase = [...(caseOf(signal, policy)?.notify ?? []), ...responsesOf(signal, policy)].filter(
    () => type !== 'signal.escalated' || changedCase,
  )
  const named = [...byRule, ...byCase].flatMap((notify) => {
    const recipient = recipientNamed(notify.recipient, policy.recipients)
    if (recipient === undefined) return []
    // Whoever is told each new id is told nothing else, but an incident that was opened is to be resolved.
    const onlyIds = notify.forEachNew !== undefined && !(recipient.kind === 'pagerduty' && type === 'signal.closed')
    return onlyIds ? [] : [recipient.id]
  })
  const known = new Set(policy.recipients.map(({ id }) => id))
  return [...new Set([...byRules, ...named])].filter((id) => known.has(id))
}

/** Who is to be told each new id of a signal, and which. */
export function newIdTargets(
  signal: SignalFacts,
  policy: Policy,
): readonly { readonly recipientId: string; readonly attribute: NonNullable<RuleNotify['forEachNew']> }[] {
  const all = [...(policy.detectionRule?.notify ?? []), ...(caseOf(signal, policy)?.notify ?? [])]
  return all.flatMap(({ recipient, forEachNew }) => {
    const found = forEachNew === undefined ? undefined : recipientNamed(recipient, policy.recipients)
    return found === undefined || forEachNew === undefined ? [] : [{ recipientId: found.id, attribute: forEachNew }]
  })
}

/** Whom the case that a signal is in tells as one of its responses. */
export function responsesOf(signal: SignalFacts, policy: Policy): readonly RuleNotify[] {
  return (caseOf(signal, policy)?.respond ?? []).flatMap((response) =>
    'notify' in response ? [{ recipient: response.notify }] : [],
  )
}

function matches(rule: NotificationRule, signal: SignalFacts): boolean {
  const { service } = signal.group
  return (
    inRange(rule, signal.severity) &&
    rule.tags.every((tag) => signal.tags.includes(tag)) &&
    (rule.services.length === 0 || (service !== undefined && rule.services.includes(service)))
  )
}

function inRange({ severities }: NotificationRule, severity: Severity): boolean {
  return severities.length === 0 || severities.includes(severity)
}

function caseOf(signal: SignalFacts, { detectionRule }: Policy): DetectionRule['cases'][number] | undefined {
  return detectionRule?.cases.find(({ name }) => name === signal.case)
}

/** A recipient by id, else by name. */
export function recipientNamed(text: string, recipients: readonly Recipient[]): Recipient | undefined {
  return recipients.find(({ id }) => id === text) ?? recipients.find(({ name }) => name === text)
}
