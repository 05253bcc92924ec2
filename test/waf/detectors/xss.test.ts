import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectXss } from '../../../src/waf/detectors/xss/detect.ts'
import { readHtml } from '../../../src/waf/detectors/xss/html-tokenizer.ts'
import type { HtmlVisitor, Place } from '../../../src/waf/detectors/xss/html-tokenizer.ts'

interface Part {
  readonly kind: string
  readonly start: number
  readonly end: number
}

function partsOf(text: string, place: Place): Part[] {
  const parts: Part[] = []
  const note =
    (kind: string) =>
    (_: string, start: number, end: number): false => {
      parts.push({ kind, start, end })
      return false
    }
  const visitor: HtmlVisitor = {
    tag: note('tag'),
    attribute: note('attribute'),
    value: note('value'),
    comment: note('comment'),
    doctype: () => false,
  }
  readHtml(text, place, visitor)
  return parts
}

const html = fc
  .array(
    fc.constantFrom(
      '<',
      '>',
      '/',
      '=',
      '"',
      "'",
      '`',
      ' ',
      '\n',
      '\0',
      '!',
      '-',
      '--',
      '?',
      '%',
      '[CDATA[',
      ']]>',
      'a',
      'on',
      '<!--',
      '-->',
      'DOCTYPE',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))
const places: readonly Place[] = ['text', 'tag', "'", '"', '`']

describe('the tokenizer', () => {
  test('reads every part of a text once, in order, from every place: its work is linear', () => {
    fc.assert(
      fc.property(html, fc.constantFrom(...places), (text, place) => {
        let read = 0
        for (const part of partsOf(text, place)) {
          expect(part.start).toBeGreaterThanOrEqual(read)
          expect(part.end).toBeGreaterThanOrEqual(part.start)
          expect(part.end).toBeLessThanOrEqual(text.length)
          read = part.end
        }
      }),
      { numRuns: 3000 },
    )
  })

  test('finds the parts of a tag', () => {
    const text = '<a href="x" b=c>'
    const parts = partsOf(text, 'text').map(({ kind, start, end }) => [kind, text.slice(start, end)])
    expect(parts).toEqual([
      ['tag', 'a'],
      ['attribute', 'href'],
      ['value', 'x'],
      ['attribute', 'b'],
      ['value', 'c'],
    ])
  })
})

test('a verdict does not depend on the texts before', () => {
  fc.assert(
    fc.property(html, html, (first, second) => {
      const alone = detectXss(second)
      detectXss(first)
      expect(detectXss(second)).toBe(alone)
    }),
  )
})
