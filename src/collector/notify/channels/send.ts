import { PortcullisError } from '../../../model/error.ts'
import type { SignalEvent } from '../../../model/notification.ts'
import type { Outbound, OutboundAnswer } from '../../outbound.ts'
import type { Recipient } from '../../state/notification-records.ts'
import type { Post, Sent } from './channel.ts'
import type { OAuthTokens } from './oauth-tokens.ts'
import { pagerdutyPost } from './pagerduty.ts'
import { slackPost } from './slack.ts'
import { teamsPost } from './teams.ts'
import { webhookPost } from './webhook.ts'

const timeoutMs = 15_000
const maxAnswerBytes = 4_096
/** Answers that a later attempt may change. */
const passing = new Set([408, 409, 423, 425, 429])
const longestRetryAfterMs = 3_600_000

/** One attempt to tell a recipient other than by mail. */
export async function sendPost(
  outbound: Outbound,
  recipient: Exclude<Recipient, { kind: 'email' }>,
  event: SignalEvent,
  { nowMs, tokens }: { readonly nowMs: number; readonly tokens: OAuthTokens },
): Promise<Sent> {
  try {
    const { url, headers, body } = await postOf(recipient, event, nowMs, tokens)
    const answer = await outbound.call({ url, method: 'POST', headers, body, timeoutMs, maxAnswerBytes })
    const isUnauthorized = answer.status === 401 || answer.status === 403
    if (isUnauthorized && recipient.kind === 'webhook' && recipient.auth?.kind === 'oauth2')
      tokens.forget(recipient.auth)
    return outcomeOf(answer)
  } catch (error) {
    if (error instanceof PortcullisError) return { arrived: false, why: error.message, isRefusal: true }
    const { code, message } = error as NodeJS.ErrnoException
    return { arrived: false, why: code ?? message, isRefusal: false }
  }
}

async function postOf(
  recipient: Exclude<Recipient, { kind: 'email' }>,
  event: SignalEvent,
  nowMs: number,
  tokens: OAuthTokens,
): Promise<Post> {
  if (recipient.kind === 'webhook') {
    const token = recipient.auth?.kind === 'oauth2' ? await tokens.tokenFor(recipient.auth, nowMs) : undefined
    return webhookPost(recipient, event, nowMs, token)
  }
  if (recipient.kind === 'pagerduty') return pagerdutyPost(recipient, event)
  return recipient.kind === 'slack' ? slackPost(recipient.url, event) : teamsPost(recipient.url, event)
}

function outcomeOf({ status, headers }: OutboundAnswer): Sent {
  if (status >= 200 && status < 300) return { arrived: true }
  const isRedirect = status >= 300 && status < 400
  const why = isRedirect ? `it answered ${status}; redirects are not followed` : `it answered ${status}`
  const isRefusal = status < 500 && !passing.has(status)
  const retryAfterMs = Number(headers['retry-after']) * 1000
  return retryAfterMs > 0
    ? { arrived: false, why, isRefusal, retryAfterMs: Math.min(retryAfterMs, longestRetryAfterMs) }
    : { arrived: false, why, isRefusal }
}
