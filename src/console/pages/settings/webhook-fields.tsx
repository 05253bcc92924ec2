import type { JSX } from 'preact'
import { Choice, Field, linesOf } from './field.tsx'
import type { Recipient } from './settings-shapes.ts'

type Auth =
  | { readonly kind: 'stays' | 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'oauth2'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scope: string | null
    }

/** What a webhook has beside its URL, as it is typed. */
export interface WebhookDraft {
  readonly headers: string
  readonly payload: string
  readonly encoding: 'json' | 'form'
  readonly auth: Auth
  readonly secret: string
}

/** Secrets are never read: they start empty, and stay as they are when they are left so. */
export function webhookStart(before: Recipient | undefined): WebhookDraft {
  return {
    headers: '',
    payload: before?.payload ?? '',
    encoding: before?.encoding ?? 'json',
    auth: { kind: before === undefined ? 'none' : 'stays' },
    secret: '',
  }
}

/** Headers written as `Name: value`, one a line. */
export function readHeaders(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    linesOf(text).map((line) => {
      const colon = line.includes(':') ? line.indexOf(':') : line.length
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    }),
  )
}

const emptyAuth: Readonly<Record<Auth['kind'], Auth>> = {
  stays: { kind: 'stays' },
  none: { kind: 'none' },
  basic: { kind: 'basic', username: '', password: '' },
  oauth2: { kind: 'oauth2', tokenUrl: '', clientId: '', clientSecret: '', scope: null },
}

const example = '{ "text": "$SECURITY_SIGNAL_TITLE", "link": "$LINK" }'

/** What few webhooks need: an own payload, headers, a login, an own secret. */
export function WebhookFields(props: {
  readonly before: Recipient | undefined
  readonly draft: WebhookDraft
  readonly onChange: (draft: WebhookDraft) => void
}): JSX.Element {
  const { before, draft, onChange } = props
  const { headers, payload, encoding, auth, secret } = draft
  const set = (change: Partial<WebhookDraft>): void => onChange({ ...draft, ...change })
  const authKinds: readonly (readonly [Auth['kind'], string])[] = [
    ...(before === undefined ? [] : [['stays', `As it is (${before.auth ?? 'none'})`] as const]),
    ['none', 'None'],
    ['basic', 'User name and password'],
    ['oauth2', 'OAuth 2 client credentials'],
  ]
  const named = before?.headers ?? []
  return (
    <details>
      <summary>Payload, headers, login</summary>
      <div class="stack" style={{ marginTop: '12px' }}>
        <Field
          id="webhook-payload"
          label="Payload"
          rows={4}
          value={payload}
          onInput={(next) => set({ payload: next })}
          placeholder={example}
          hint="JSON with $VARIABLES (docs/notifications.md). Empty: the whole event."
        />
        <Choice
          id="webhook-encoding"
          label="Sent as"
          options={[
            ['json', 'JSON'],
            ['form', 'Form'],
          ]}
          value={encoding}
          onChange={(next) => set({ encoding: next })}
        />
        <Field
          id="webhook-headers"
          label="Headers, one a line"
          rows={2}
          value={headers}
          onInput={(next) => set({ headers: next })}
          placeholder="X-Team: security"
          hint={named.length === 0 ? undefined : `Empty: as they are (${named.join(', ')}). Typed ones replace all.`}
        />
        <Choice
          id="webhook-auth"
          label="Login"
          options={authKinds}
          value={auth.kind}
          onChange={(kind) => set({ auth: emptyAuth[kind] })}
        />
        {auth.kind === 'basic' ? (
          <>
            <Field
              id="auth-username"
              label="User name"
              value={auth.username}
              onInput={(username) => set({ auth: { ...auth, username } })}
            />
            <Field
              id="auth-password"
              label="Password"
              type="password"
              value={auth.password}
              onInput={(password) => set({ auth: { ...auth, password } })}
            />
          </>
        ) : auth.kind === 'oauth2' ? (
          <>
            <Field
              id="auth-token-url"
              label="Token URL"
              type="url"
              value={auth.tokenUrl}
              onInput={(tokenUrl) => set({ auth: { ...auth, tokenUrl } })}
            />
            <Field
              id="auth-client-id"
              label="Client id"
              value={auth.clientId}
              onInput={(clientId) => set({ auth: { ...auth, clientId } })}
            />
            <Field
              id="auth-client-secret"
              label="Client secret"
              type="password"
              value={auth.clientSecret}
              onInput={(clientSecret) => set({ auth: { ...auth, clientSecret } })}
            />
            <Field
              id="auth-scope"
              label="Scope (if wanted)"
              value={auth.scope ?? ''}
              onInput={(scope) => set({ auth: { ...auth, scope: scope === '' ? null : scope } })}
            />
          </>
        ) : null}
        <Field
          id="webhook-secret"
          label="Signing secret"
          type="password"
          value={secret}
          onInput={(next) => set({ secret: next })}
          hint={
            before === undefined
              ? 'Empty: one is made, and shown once.'
              : 'Empty: as it is. A new one signs at once; the old one beside it for a day.'
          }
        />
      </div>
    </details>
  )
}
