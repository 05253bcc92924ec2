import { createHash } from 'node:crypto'
import type { Outbound } from '../../outbound.ts'
import type { WebhookAuth } from '../../state/notification-records.ts'

type Client = Extract<WebhookAuth, { kind: 'oauth2' }>

const timeoutMs = 15_000
const maxAnswerBytes = 65_536
/** A token is renewed so long before its end, since the receiver's clock is another. */
const earlyMs = 30_000
/** Of a token that does not say how long it lives. */
const standardMs = 300_000
const maxTokens = 200

export interface OAuthTokens {
  tokenFor(client: Client, nowMs: number): Promise<string>
  /** Has the next call fetch a new one, as after a refusal. */
  forget(client: Client): void
}

/**
 * Access tokens of webhooks that ask for OAuth 2 client credentials (RFC 6749, 4.4), kept until shortly before they end.
 * Rejects with an Error whose message holds no secret.
 */
export function createOAuthTokens(outbound: Pick<Outbound, 'call'>): OAuthTokens {
  const kept = new Map<string, { readonly token: string; readonly untilMs: number }>()
  return {
    async tokenFor(client, nowMs) {
      const key = keyOf(client)
      const known = kept.get(key)
      if (known !== undefined && nowMs < known.untilMs) return known.token
      const { token, lifeMs } = await fetchToken(outbound, client)
      kept.delete(key)
      kept.set(key, { token, untilMs: nowMs + Math.max(0, lifeMs - earlyMs) })
      const [oldest] = kept.keys()
      if (kept.size > maxTokens && oldest !== undefined) kept.delete(oldest)
      return token
    },
    forget(client) {
      kept.delete(keyOf(client))
    },
  }
}

function keyOf(client: Client): string {
  return createHash('sha256').update(JSON.stringify(client)).digest('hex')
}

async function fetchToken(
  outbound: Pick<Outbound, 'call'>,
  { tokenUrl, clientId, clientSecret, scope }: Client,
): Promise<{ readonly token: string; readonly lifeMs: number }> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope ? { scope } : {}) })
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`
  const { status, body: answer } = await outbound.call({
    url: tokenUrl,
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: body.toString(),
    timeoutMs,
    maxAnswerBytes,
  })
  if (status < 200 || status >= 300) throw new Error(`the token endpoint answered ${status}`)
  const { access_token: token, expires_in: seconds } = readAnswer(answer.toString())
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,8000}$/.test(token)) {
    throw new Error('the token endpoint answered without an access token')
  }
  const life = Number(seconds) * 1_000
  return { token, lifeMs: life > 0 ? life : standardMs }
}

function readAnswer(text: string): Readonly<Record<string, unknown>> {
  try {
    const answer = JSON.parse(text) as unknown
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
