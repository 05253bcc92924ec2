import type { SignalEvent } from '../../../model/notification.ts'
import { summarize, type Post } from './channel.ts'

/** An adaptive card for a Workflows webhook. Text runs know no Markdown, unlike text blocks and fact sets. */
export function teamsPost(url: string, event: SignalEvent): Post {
  const { headline, facts } = summarize(event)
  const line = (...inlines: readonly object[]): object => ({ type: 'RichTextBlock', inlines })
  const run = (text: string, style: object = {}): object => ({ type: 'TextRun', text, ...style })
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.2',
    body: [
      line(run(headline, { weight: 'bolder', size: 'medium' })),
      ...facts.map(([name, value]) => line(run(`${name}: `, { weight: 'bolder' }), run(value || '-'))),
    ],
    actions: [{ type: 'Action.OpenUrl', title: 'Open the signal', url: event.link }],
  }
  const body = {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }],
  }
  return { url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
