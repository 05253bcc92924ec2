import { createTransport } from 'nodemailer'
import type { SignalEvent } from '../../../model/notification.ts'
import { inert } from '../inert.ts'
import { summarize, type Sent } from './channel.ts'

const timeoutMs = 15_000

/** Sends one mail by the server of the URL. The message id is the event's: mail servers show a repeated one once. */
export async function sendMail(
  mail: { readonly smtpUrl: string; readonly from: string },
  to: readonly string[],
  event: SignalEvent,
): Promise<Sent> {
  if (mail.smtpUrl === '') return { arrived: false, why: 'no mail server is set; set SMTP_URL', isRefusal: true }
  const { headline, facts } = summarize(event)
  const transport = createTransport({
    url: mail.smtpUrl,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({
      from: mail.from,
      to: [...to],
      subject: inert(headline, 200),
      messageId: `<${event.id}@portcullis>`,
      // All mails of a signal in one thread.
      inReplyTo: `<${event.signal.id}@signals.portcullis>`,
      references: `<${event.signal.id}@signals.portcullis>`,
      headers: { 'auto-submitted': 'auto-generated' },
      text: [headline, '', ...facts.map(([name, value]) => `${name}: ${value}`), '', event.link].join('\n'),
      html: [
        `<h3>${escapeHtml(headline)}</h3><table>`,
        ...facts.map(
          ([name, value]) => `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
        ),
        `</table><p><a href="${escapeHtml(event.link)}">Open the signal</a></p>`,
      ].join('\n'),
    })
    return { arrived: true }
  } catch (error) {
    const { responseCode, code } = error as { responseCode?: number; code?: string }
    const answer = responseCode === undefined ? (code ?? 'the connection failed') : `it answered ${responseCode}`
    return { arrived: false, why: `the mail server: ${answer}`, isRefusal: (responseCode ?? 0) >= 500 }
  } finally {
    transport.close()
  }
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
