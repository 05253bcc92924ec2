import type { BlockReply, ManagedWafRule, WafReply } from '../../model/waf-rule.ts'
import { ruleConfigId, wireRules } from '../wire-rule.ts'
import type { ConnectedTracer } from './remote-config.ts'
import type { Abilities } from './targets.ts'

/** Who a configuration of the product ASM is for. */
export interface RuleTarget {
  readonly service: string
  readonly env: string
  readonly kind: ConnectedTracer['kind']
  readonly abilities: Abilities
}

/** A configuration of the product ASM, under its id. */
export interface RuleConfig {
  readonly id: string
  readonly content: object
}

/**
 * The configuration of a rule for one kind of tracer; undefined where the tracer cannot take it. `blocking` false, the
 * kill switch, leaves the event and takes the block.
 */
export function ruleConfig(rule: ManagedWafRule, target: RuleTarget, blocking: boolean): RuleConfig | undefined {
  const { abilities } = target
  if (!abilities.customRules || (rule.rule['output'] !== undefined && !abilities.traceTagging)) return undefined
  const id = ruleConfigId(rule.id)
  if (rule.mode !== 'blocking' || !blocking) return { id, content: { custom_rules: wireRules(rule, []) } }
  const reply = replyAction(rule.response, `pc-reply-${rule.id}`, target)
  return { id, content: { ...reply.actions, custom_rules: wireRules(rule, [reply.onMatch]) } }
}

/** Configurations that make the denylist of a service answer in its own way; none where the block page is meant. */
export function denylistReply(reply: WafReply | null, target: RuleTarget): RuleConfig | undefined {
  if (reply === null || reply === 'block' || !target.abilities.customBlocking) return undefined
  const { onMatch, actions } = replyAction(reply, denylistReplyId, target)
  const rules_target = [{ rule_id: 'blk-001-001' }, { rule_id: 'blk-001-002' }]
  return { id: denylistReplyId, content: { ...actions, rules_override: [{ rules_target, on_match: [onMatch] }] } }
}

/** Also the id of the action that answers. */
export const denylistReplyId = 'pc-denylist-reply'

/** An action for a reply, and its id; the plain block, which every tracer has, needs none. */
function replyAction(
  reply: WafReply,
  id: string,
  { kind, abilities }: RuleTarget,
): { readonly onMatch: string; readonly actions: { readonly actions?: readonly object[] } } {
  const plain = { onMatch: 'block', actions: {} }
  if (reply === 'block' || !abilities.customBlocking) return plain
  const own = (type: 'block_request' | 'redirect_request', parameters: object): ReturnType<typeof replyAction> => ({
    onMatch: id,
    actions: { actions: [{ id, type, parameters }] },
  })
  if (typeof reply === 'object' && 'redirect' in reply) {
    return own('redirect_request', { status_code: reply.status ?? 303, location: reply.redirect })
  }
  if (typeof reply === 'object' && 'status' in reply) return own('block_request', blockOf(reply))
  const fallback = reply === 'login_failure' ? undefined : reply.login_failure
  if (kind === 'portcullis') {
    const { type: page, ...block } = blockOf(fallback ?? { status: 403 })
    return own('block_request', { ...block, type: 'login_failure', fallback_type: page })
  }
  return fallback === undefined ? plain : own('block_request', blockOf(fallback))
}

function blockOf({ status, type = 'auto' }: BlockReply): { readonly status_code: number; readonly type: string } {
  return { status_code: status, type }
}
