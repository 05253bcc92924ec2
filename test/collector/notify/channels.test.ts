import { createServer, type AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { sendMail } from '../../../src/collector/notify/channels/email.ts'
import { pagerdutyPost } from '../../../src/collector/notify/channels/pagerduty.ts'
import { slackPost } from '../../../src/collector/notify/channels/slack.ts'
import { teamsPost } from '../../../src/collector/notify/channels/teams.ts'
import { webhookPost } from '../../../src/collector/notify/channels/webhook.ts'
import { checkPayload } from '../../../src/collector/notify/payload.ts'
import { sampleEvent } from '../../../src/collector/notify/sample-event.ts'
import type { Recipient } from '../../../src/collector/state/notification-records.ts'
import type { Cluster } from '../../../src/model/cluster.ts'
import type { SignalEvent } from '../../../src/model/notification.ts'

const nasty = [
  '<!channel> <https://evil.example|Reset your password>',
  '[click](https://evil.example) **bold** ![](https://evil.example/x.png)',
  '<img src=x onerror=alert(1)> "quoted" \'single\' &amp;',
  'a\r\nBcc: everyone@example.com\r\n\r\nbody',
  'right-to-left \u202egpj.exe and \u0000 null',
  '{{7*7}} ${x} $SECURITY_SIGNAL_ID \\" , "admin": true, "',
  '__proto__',
]
const sample = sampleEvent('event-1', '2026-03-10T12:00:00.000Z', (id) => `https://console.example/signals/${id}`)
const cluster: Cluster = {
  id: 'cluster-1',
  origin: 'found',
  attributes: [
    { attribute: '@http.useragent', value: nasty.join(' '), absent: false, regex: null },
    { attribute: '@http.request.headers.accept-language', value: null, absent: true, regex: null },
  ],
  described: [],
  query: '*',
  attackShare: 0.93,
  precision: 0.99,
  requests: 400,
  successes: 1,
  users: 400,
  ips: 400,
  knownIpShare: 0,
  threatIntelShare: 0,
  shape: 1,
  collateral: {
    days: 7,
    requests: 0,
    successfulLogins: 0,
    users: 0,
    share: 0,
    measuredOn: 'logins',
    course: { intervalMs: 0, points: [] },
  },
  blockable: true,
  reason: null,
  firstSeen: sample.at,
  lastSeen: sample.at,
  trend: 'growing',
  wafRuleId: null,
}
const event: SignalEvent = {
  ...sample,
  type: 'signal.opened',
  signal: {
    ...sample.signal,
    id: 'signal-1',
    severity: 'high',
    title: nasty.join(' '),
    group: { service: nasty[0] ?? '', env: 'prod', 'http.client_ip': '203.0.113.9', '__proto__.polluted': 'yes' },
    tags: ['category:account_takeover', 'team:shop'],
    clusters: [cluster],
    counts: { failures: 400 },
    compromisedUsers: nasty.length,
  },
  compromisedUsers: nasty.map((usrLogin) => ({
    usrLogin,
    usrId: usrLogin,
    at: sample.at,
    ip: '203.0.113.9',
    traceId: '',
  })),
}

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** All texts of a document, with the names under which they stand. */
function textsOf(value: unknown, name = ''): readonly { readonly name: string; readonly text: string }[] {
  if (typeof value === 'string') return [{ name, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => textsOf(part, Array.isArray(value) ? name : key))
}

test('Slack shows attackers’ text as plain text only, and its fallback starts no mention and no link', () => {
  const body = JSON.parse(slackPost('https://hooks.slack.com/x', event).body) as { text: string; attachments: object[] }
  expect(body.text).not.toMatch(/[<>]/)
  expect(body.text).toContain('&lt;!channel&gt;')
  expect(JSON.stringify(body)).not.toContain('"mrkdwn"')
  const types = textsOf(body.attachments).filter(({ name }) => name === 'type')
  expect(new Set(types.map(({ text }) => text))).toEqual(new Set(['section', 'plain_text', 'actions', 'button']))
})

test('Teams shows attackers’ text in text runs only, which know no Markdown', () => {
  const { attachments } = JSON.parse(teamsPost('https://teams.example/x', event).body) as {
    attachments: [{ contentType: string; content: { type: string; version: string; body: { type: string }[] } }]
  }
  const [{ contentType, content }] = attachments
  expect([contentType, content.type, content.version]).toEqual([
    'application/vnd.microsoft.card.adaptive',
    'AdaptiveCard',
    '1.2',
  ])
  expect(new Set(content.body.map(({ type }) => type))).toEqual(new Set(['RichTextBlock']))
  expect(textsOf(content.body).some(({ text }) => text.includes('[click](https://evil.example)'))).toBe(true)
})

test('PagerDuty has one incident for a signal, resolved when it closes', () => {
  const recipient = { url: 'https://events.pagerduty.com/v2/enqueue', routingKey: 'R0' }
  const opened = JSON.parse(pagerdutyPost(recipient, event).body) as { payload: { summary: string } }
  expect(opened).toMatchObject({
    routing_key: 'R0',
    event_action: 'trigger',
    dedup_key: 'signal-1',
    payload: { severity: 'error', component: 'prod' },
  })
  expect(opened.payload.summary.length).toBeLessThanOrEqual(1_024)
  const closed: unknown = JSON.parse(pagerdutyPost(recipient, { ...event, type: 'signal.closed' }).body)
  expect(closed).toMatchObject({ event_action: 'resolve', dedup_key: 'signal-1' })
})

test('nothing invisible reaches a channel', () => {
  const bodies = [
    slackPost('https://hooks.slack.com/x', event).body,
    teamsPost('https://teams.example/x', event).body,
    pagerdutyPost({ url: 'https://events.pagerduty.com/v2/enqueue', routingKey: 'R0' }, event).body,
  ]
  // oxlint-disable-next-line no-control-regex -- those are what must not be there
  const found = bodies.map((body) =>
    /[\u0000-\u0008\u202a-\u202e\u2066-\u2069\r]/.test(
      textsOf(JSON.parse(body))
        .map(({ text }) => text)
        .join(''),
    ),
  )
  expect(found).toEqual([false, false, false])
})

const hook = (payload: string | null): Extract<Recipient, { kind: 'webhook' }> => ({
  id: 'hook',
  name: 'hook',
  kind: 'webhook',
  url: 'https://hooks.example/x',
  headers: { 'X-Team': 'a' },
  payload,
  secrets: [
    { value: 'new', endsAt: null },
    { value: 'old', endsAt: '2026-03-11T00:00:00.000Z' },
    { value: 'ended', endsAt: '2026-03-09T00:00:00.000Z' },
  ],
})

test('people are told what the attackers share, and programs get the clusters', () => {
  const { body } = slackPost('https://hooks.slack.com/x', event)
  expect(body).toContain('no @http.request.headers.accept-language (93 % of the attack)')
  const sent = JSON.parse(webhookPost(hook(null), event, 0).body) as { signal: { clusters: unknown } }
  expect(sent.signal.clusters).toEqual([cluster])
})

test('a webhook is signed by each secret in force, and keeps its own headers', () => {
  const { headers } = webhookPost(hook(null), event, Date.parse(sample.at))
  expect(headers['x-portcullis-signature']).toMatch(/^t=1773144000,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/)
  expect(headers).toMatchObject({ 'X-Team': 'a', 'idempotency-key': 'event-1' })
})

test('variables of an own payload stay where they stand, whatever is in them', () => {
  const payload = `{"text": "$SECURITY_SIGNAL_TITLE by $SECURITY_RULE_NAME", "severity": "$SECURITY_SIGNAL_SEVERITY", "id": $SECURITY_SIGNAL_ID,
    "attributes": $SECURITY_SIGNAL_ATTRIBUTES, "team": "$TAGS[team]", "tags": "$TAGS", "cost": "5 \\"$\\" $NOTHING", "msg": "$SECURITY_SIGNAL_MSG"}`
  checkPayload(payload, event)
  const { body } = webhookPost(hook(payload), event, 0)
  const filled = JSON.parse(body) as Record<string, unknown>
  expect(filled).toMatchObject({
    text: `${nasty.join(' ')} by ${event.signal.rule.name}`,
    severity: 'high',
    id: 'signal-1',
    team: 'shop',
    tags: 'category:account_takeover,team:shop',
    cost: '5 "$" $NOTHING',
    attributes: { service: nasty[0], http: { client_ip: '203.0.113.9' }, usr: { id: nasty } },
  })
  expect(filled).not.toHaveProperty('admin')
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('a payload that does not become JSON is refused', () => {
  for (const payload of ['{"a": $NOTHING}', '{"a": "$SECURITY_SIGNAL_ID}', 'text', '']) {
    expect(() => checkPayload(payload, event)).toThrow(/does not become JSON/)
  }
})

async function startSmtp(refuse = false): Promise<{ url: string; mails: { to: string[]; text: string }[] }> {
  const mails: { to: string[]; text: string }[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) => done(refuse ? Object.assign(new Error('no'), { responseCode: 550 }) : null),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        })
        done()
      })
    },
  })
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', () => done()))
  closers.push(() => new Promise<void>((done) => server.close(() => done())))
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, mails }
}
const from = 'Portcullis <portcullis@example.com>'

test('a mail arrives, with no header and no markup of an attacker', async () => {
  const { url, mails } = await startSmtp()
  expect(await sendMail({ smtpUrl: url, from }, ['ann@example.com', 'bob@example.com'], event)).toEqual({
    arrived: true,
  })
  const [mail] = mails
  expect(mail?.to).toEqual(['ann@example.com', 'bob@example.com'])
  const [head = '', ...rest] = (mail?.text ?? '').split('\r\n\r\n')
  expect(head).toMatch(/^Message-ID: <event-1@portcullis>/im)
  expect(head).not.toMatch(/^Bcc:/im)
  const decoded = rest.join('\r\n\r\n').replaceAll('=\r\n', '').replaceAll('=3D', '=')
  expect(decoded).toContain('&lt;img src=x onerror=alert(1)&gt;')
  expect(decoded.slice(decoded.indexOf('<h3>'))).not.toContain('<img')
})

test('a mail server that refuses, one that is away, and none at all are told apart', async () => {
  const { url } = await startSmtp(true)
  expect(await sendMail({ smtpUrl: url, from }, ['ann@example.com'], event)).toMatchObject({
    arrived: false,
    isRefusal: true,
  })
  const taken = createServer()
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done))
  const { port } = taken.address() as AddressInfo
  await new Promise((done) => taken.close(done))
  const away = await sendMail({ smtpUrl: `smtp://name:password@127.0.0.1:${port}`, from }, ['ann@example.com'], event)
  expect(away).toMatchObject({ arrived: false, isRefusal: false })
  expect(JSON.stringify(away)).not.toContain('password')
  expect(await sendMail({ smtpUrl: '', from }, ['ann@example.com'], event)).toMatchObject({
    arrived: false,
    isRefusal: true,
  })
})
