import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectSqli, detectSqliUnfiltered, sqliWork } from '../../../src/waf/detectors/sqli/detect.ts'
import { allWords, wordText } from '../../../src/waf/detectors/sqli/words.ts'
import { isSqli } from '../../../src/waf/operators/is-sqli.ts'
import { LiteralScanner } from '../../../src/waf/prefilter/literal-scanner.ts'
import { injectionTexts } from '../../support/injection-texts.ts'
import type { InjectionTexts } from '../../support/injection-texts.ts'
import { randomSource } from '../../support/random-source.ts'

describe('the prefilter never changes a verdict', () => {
  test.each<keyof InjectionTexts>(['benign', 'sqlAttack', 'sqlMutation', 'sqlSoup', 'htmlAttack'])('%s', (kind) => {
    const next = injectionTexts(21)[kind]
    let found = 0
    for (let count = 0; count < 20_000; count += 1) {
      const text = next()
      const verdict = detectSqliUnfiltered(text)
      if (verdict !== undefined) found += 1
      if (detectSqli(text) !== verdict) expect(detectSqli(text), text).toBe(verdict)
    }
    expect(found).toBeGreaterThan(0)
  })

  test('any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(detectSqli(text)).toBe(detectSqliUnfiltered(text))
      }),
      { numRuns: 2000 },
    )
  })
})

const scanner = LiteralScanner.build([{ id: 0, need: isSqli.requires?.({}) ?? [] }])
const isRequired = (text: string): boolean => scanner.scan(text).candidates.length > 0

describe('what the operator requires is in all that is found', () => {
  test.each<keyof InjectionTexts>(['sqlAttack', 'sqlMutation', 'sqlSoup'])('%s', (kind) => {
    const next = injectionTexts(23)[kind]
    const found = Array.from({ length: 20_000 }, next).filter((text) => detectSqliUnfiltered(text) !== undefined)
    expect(found.length).toBeGreaterThan(500)
    expect(found.filter((text) => !isRequired(text))).toEqual([])
  })

  const values = '1 0x1f 0xa 0b1 1e 1d null current_user foo \u017f \u212a'.split(' ')
  const keywords = 'from as in collate left union select like not is or if'.split(' ')
  const words = allWords().map((word) => wordText(word).toLowerCase())

  test('words and numbers without a mark', () => {
    const random = randomSource(24)
    const found = new Set<string>()
    for (let count = 0; count < 100_000; count += 1) {
      let text = ''
      for (let length = 3 + random.integer(4); length > 0; length -= 1) {
        const list = random.chance(0.1) ? words : length % 2 === 0 ? values : keywords
        text += random.pick(list) + (random.chance(0.8) ? ' ' : '')
      }
      text = random.chance(0.7) ? text.trimEnd() : text
      if (detectSqliUnfiltered(text) !== undefined) found.add(text)
    }
    expect(found.size).toBeGreaterThan(500)
    expect([...found].filter((text) => !isRequired(text))).toEqual([])
  })

  test('no more than that: ordinary words are not looked at', () => {
    const ordinary = ['some ordinary value number 3', 'red leather shoes', 'Rua do Ouro 12', 'left from last time']
    expect(ordinary.filter(isRequired)).toEqual([])
  })
})

test('a verdict does not depend on the texts before', () => {
  const { sqlAttack, sqlSoup } = injectionTexts(22)
  for (let count = 0; count < 5000; count += 1) {
    const [first, second] = [sqlSoup(), sqlAttack()]
    detectSqli('')
    detectSqliUnfiltered('x where y')
    const alone = detectSqli(second)
    detectSqliUnfiltered(first)
    expect(detectSqli(second), second).toBe(alone)
  }
})

/** Texts whose pieces could be read again and again. */
const repeated: readonly string[] =
  "a 1 ' \" ` \\ \\' '' ( ) { [ $ $a $$ @ # --\n /* */ /*/ 1+ 1,- ; a. select. x` q'[ u&' b'0 0x 1e :: in( \u00e0 x' 1' @` not/**/".split(
    ' ',
  )

test.each(repeated)('the work for %j, repeated, grows as the text does', (piece) => {
  const short = sqliWork(piece.repeat(1000))
  const long = sqliWork(piece.repeat(10_000))
  expect(short).toBeGreaterThan(0)
  expect(long).toBeLessThanOrEqual(short * 12)
  expect(long).toBeLessThanOrEqual(piece.length * 10_000 * 20)
})

test('every piece was repeated', () => expect(repeated.length).toBeGreaterThanOrEqual(37))
