import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { verifyWebhook } from '../../src/webhooks.ts'

const now = new Date('2026-03-10T12:00:00.000Z')
const t = now.getTime() / 1000
const event = { id: 'e1', type: 'signal.opened', signal: { id: 's1' }, targetedUsers: [], compromisedUsers: [] }
const body = JSON.stringify(event)
const sign = (secret: string, time: number | string = t, text = body): string =>
  createHmac('sha256', secret).update(`${time}.${text}`).digest('hex')

const trusted: readonly (readonly [says: string, header: string, secrets: readonly string[]])[] = [
  ['one secret', `t=${t},v1=${sign('a')}`, ['a']],
  ['the new secret beside the old one', `t=${t},v1=${sign('b')},v1=${sign('a')}`, ['b']],
  ['the old secret beside the new one', `t=${t},v1=${sign('b')},v1=${sign('a')}`, ['a']],
  ['two secrets here and one there', `t=${t},v1=${sign('a')}`, ['b', 'a']],
  ['blanks between', `t=${t}, v1=${sign('a')}`, ['a']],
  ['a scheme of later versions beside it', `t=${t},v2=x,v1=${sign('a')}`, ['a']],
  ['five minutes ago', `t=${t - 300},v1=${sign('a', t - 300)}`, ['a']],
  ['five minutes ahead', `t=${t + 300},v1=${sign('a', t + 300)}`, ['a']],
]
test.each(trusted)('signed with %s it is trusted', (_says, header, secrets) => {
  expect(verifyWebhook({ body, header, secrets, now })).toEqual(event)
  expect(verifyWebhook({ body: Buffer.from(body), header, secrets, now })).toEqual(event)
})

const refused: readonly { says: string; header: string | undefined; secrets: readonly string[]; text?: string }[] = [
  { says: 'no header', header: undefined, secrets: ['a'] },
  { says: 'an empty header', header: '', secrets: ['a'] },
  { says: 'no time', header: `v1=${sign('a')}`, secrets: ['a'] },
  { says: 'no signature', header: `t=${t}`, secrets: ['a'] },
  { says: 'a signature cut short', header: `t=${t},v1=${sign('a').slice(2)}`, secrets: ['a'] },
  { says: 'another secret', header: `t=${t},v1=${sign('b')}`, secrets: ['a'] },
  { says: 'another body', header: `t=${t},v1=${sign('a')}`, secrets: ['a'], text: `${body} ` },
  { says: 'another time', header: `t=${t + 1},v1=${sign('a')}`, secrets: ['a'] },
  { says: 'a signature of six minutes ago', header: `t=${t - 360},v1=${sign('a', t - 360)}`, secrets: ['a'] },
  { says: 'a signature of in six minutes', header: `t=${t + 360},v1=${sign('a', t + 360)}`, secrets: ['a'] },
  { says: 'no secret', header: `t=${t},v1=${sign('a')}`, secrets: [] },
  { says: 'an empty secret', header: `t=${t},v1=${sign('a')}`, secrets: [''] },
  { says: 'what is no JSON', header: `t=${t},v1=${sign('a', t, 'x')}`, secrets: ['a'], text: 'x' },
  { says: 'what is no event', header: `t=${t},v1=${sign('a', t, '{}')}`, secrets: ['a'], text: '{}' },
  { says: 'null', header: `t=${t},v1=${sign('a', t, 'null')}`, secrets: ['a'], text: 'null' },
]
test.each(refused)('$says is refused', ({ header, secrets, text = body }) => {
  expect(() => verifyWebhook({ body: text, header, secrets, now })).toThrow(
    expect.objectContaining({ code: 'WEBHOOK_INVALID' }) as Error,
  )
})

test('the tolerance can be set', () => {
  const header = `t=${t - 300},v1=${sign('a', t - 300)}`
  expect(() => verifyWebhook({ body, header, secrets: ['a'], now, toleranceSeconds: 60 })).toThrow(/60 seconds/)
})

test('every case ran', () => expect([trusted.length, refused.length]).toEqual([8, 15]))
