import type { SignalEvent } from '../../../model/notification.ts'
import { severityColors, summarize, type Post } from './channel.ts'

/** An incoming webhook's message. What comes from outside stands in plain text, where nothing is a link or a mention. */
export function slackPost(url: string, event: SignalEvent): Post {
  const { headline, facts } = summarize(event)
  const plain = (text: string): object => ({ type: 'plain_text', text, emoji: false })
  const body = {
    text: escapeMrkdwn(headline),
    attachments: [
      {
        color: severityColors[event.signal.severity],
        blocks: [
          { type: 'section', text: plain(headline) },
          { type: 'section', fields: facts.slice(0, 10).map(([name, value]) => plain(`${name}\n${value || '-'}`)) },
          {
            type: 'actions',
            elements: [{ type: 'button', text: plain('Open the signal'), url: event.link }],
          },
        ],
      },
    ],
  }
  return { url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** The three characters that start everything special in Slack's text. */
function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
