import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectSqli, detectSqliUnfiltered, sqliWork } from '../../../src/waf/detectors/sqli/detect.ts'
import { injectionTexts } from '../../support/injection-texts.ts'
import type { InjectionTexts } from '../../support/injection-texts.ts'

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
