import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromNow, percent, shortCount } from '../../src/console/text/figures.ts'
import { inertParts } from '../../src/console/text/inert.ts'
import { readMarkdown } from '../../src/console/text/markdown.ts'
import { parseTyped, timeOf } from '../../src/console/text/typed-time.ts'

const nowMs = Date.parse('2026-11-22T15:30:00.000Z')
const utc = { nowMs, utc: true }

describe('typed time', () => {
  const cases: readonly (readonly [typed: string, from: string | undefined, to?: string])[] = [
    ['3h', 'now-3h', 'now'],
    ['last 2 days', 'now-2d', 'now'],
    ['90 min', 'now-90m', 'now'],
    ['1 week', 'now-1w', 'now'],
    ['today', '2026-11-22T00:00:00.000Z', 'now'],
    ['yesterday', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['yesterday 14:00', '2026-11-21T14:00:00.000Z', 'now'],
    ['14:00', '2026-11-22T14:00:00.000Z', 'now'],
    ['16:00', '2026-11-21T16:00:00.000Z', 'now'],
    ['14:00 to 15:00', '2026-11-22T14:00:00.000Z', '2026-11-22T15:00:00.000Z'],
    ['yesterday 22:00 to 23:30', '2026-11-21T22:00:00.000Z', '2026-11-21T23:30:00.000Z'],
    ['Nov 20 09:00 to Nov 21', '2026-11-20T09:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['dec 24', '2025-12-24T00:00:00.000Z', '2025-12-25T00:00:00.000Z'],
    ['20 nov 2026 – now', '2026-11-20T00:00:00.000Z', 'now'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
    ['2026-11-20T10:00:00.000Z to 2026-11-20T11:00Z', '2026-11-20T10:00:00.000Z', '2026-11-20T11:00:00.000Z'],
    ['2h ago to 1h ago', '2026-11-22T13:30:00.000Z', '2026-11-22T14:30:00.000Z'],
    ['', undefined],
    ['tomorrow', undefined],
    ['3 parsecs', undefined],
    ['25:00', undefined],
    ['feb 30', undefined],
    ['15:00 to 14:00', undefined],
    ['2026-13-01', undefined],
  ]
  test.each(cases.map(([typed, from, to]) => ({ typed, from, to })))('$typed', ({ typed, from, to }) => {
    expect(parseTyped(typed, utc)).toEqual(from === undefined ? undefined : { from, to: to ?? 'now' })
  })
  test('every case ran', () => expect(cases).toHaveLength(24))

  test('whatever is typed gives a stretch that ends after it begins, or nothing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (typed) => {
        const range = parseTyped(typed, utc)
        if (range === undefined) return
        expect(timeOf(range.from, nowMs)).toBeLessThanOrEqual(timeOf(range.to, nowMs))
      }),
    )
  })
})

test('text from the outside loses nothing and hides nothing', () => {
  expect(inertParts('a\u202eb\u0000')).toEqual([
    { text: 'a' },
    { hidden: 'U+202E' },
    { text: 'b' },
    { hidden: 'U+0000' },
  ])
  expect(inertParts('ünïcode 漢字 🙂')).toEqual([{ text: 'ünïcode 漢字 🙂' }])
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const back = inertParts(text)
        .map((part) => ('text' in part ? part.text : String.fromCodePoint(Number.parseInt(part.hidden.slice(2), 16))))
        .join('')
      expect(back).toBe(text)
    }),
  )
})

test('figures never say none where there is some', () => {
  expect([percent(0), percent(0.0004), percent(0.001), percent(0.5), percent(1)]).toEqual([
    '0 %',
    '< 0.1 %',
    '0.1 %',
    '50 %',
    '100 %',
  ])
  expect([shortCount(9_999), shortCount(12_345)]).toEqual(['9,999', '12.3K'])
  expect([fromNow(nowMs - 120_000, nowMs), fromNow(nowMs + 43_200_000, nowMs)]).toEqual(['2 min ago', 'in 12 h'])
})

test('a guide is read into headings, paragraphs and lists, and nothing else', () => {
  const text = '# Guide\n\n**When.** It `x`s\nover *two* lines:\n\n1. First\n   goes on\n2. <b>Second</b>'
  expect(readMarkdown(text)).toEqual([
    { kind: 'heading', inlines: [{ look: 'plain', text: 'Guide' }] },
    {
      kind: 'paragraph',
      inlines: [
        { look: 'strong', text: 'When.' },
        { look: 'plain', text: ' It ' },
        { look: 'code', text: 'x' },
        { look: 'plain', text: 's over ' },
        { look: 'emphasis', text: 'two' },
        { look: 'plain', text: ' lines:' },
      ],
    },
    {
      kind: 'numbered',
      items: [[{ look: 'plain', text: 'First goes on' }], [{ look: 'plain', text: '<b>Second</b>' }]],
    },
  ])
})
