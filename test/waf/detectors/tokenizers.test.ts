import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenizeShell } from '../../../src/waf/detectors/shell/tokenize-shell.ts'
import { dialectOf } from '../../../src/waf/detectors/statement/dialect.ts'
import { hideLiterals } from '../../../src/waf/detectors/statement/detect-statement-injection.ts'
import { tokenizeStatement } from '../../../src/waf/detectors/statement/tokenize-statement.ts'
import { parseUrl } from '../../../src/waf/detectors/url/parse-url.ts'

interface Span {
  readonly start: number
  readonly end: number
}

function expectOrdered(tokens: readonly Span[], length: number): void {
  let read = 0
  for (const { start, end } of tokens) {
    expect(start).toBeGreaterThanOrEqual(read)
    expect(end).toBeGreaterThan(start)
    read = end
  }
  expect(read).toBeLessThanOrEqual(length)
}

const dialects = ['mysql', 'pgsql', 'sqlite', 'other'] as const
const statement = fc.string({
  unit: fc.constantFrom(...'\'"`\\-#/*()[],;=<>|&$?.: \nae01WHEREé'.split('')),
  maxLength: 60,
})
const line = fc.string({ unit: fc.constantFrom(...'\'"`\\-#()[]{},;=<>|&$!.: \nae01é'.split('')), maxLength: 60 })

test.each(dialects)('every token of a statement stands behind the one before: %s', (dialect) => {
  fc.assert(
    fc.property(statement, (text) => expectOrdered(tokenizeStatement(text, dialectOf(dialect)), text.length)),
    { numRuns: 1000 },
  )
})

test('every token of a command line stands behind the one before', () => {
  fc.assert(
    fc.property(line, (text) => expectOrdered(tokenizeShell(text), text.length)),
    { numRuns: 3000 },
  )
})

test('a statement is shown without its strings and numbers', () => {
  const text = "SELECT 'it''s', 0x1f, -1.5e3 FROM t1 WHERE a=$$b$$ AND \"c\" -- 5"
  const shown = hideLiterals(text, tokenizeStatement(text, dialectOf('pgsql')))
  expect(shown).toBe('SELECT ?, ?, ? FROM t1 WHERE a=? AND "c" -- 5')
})

test('the parts of a URL stand where the standard parser finds them', () => {
  const part = fc.constantFrom('a', 'b.c', 'x1')
  const urls = fc.tuple(
    fc.constantFrom('http', 'ftp'),
    fc.option(part, { nil: '' }),
    part,
    fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    fc.array(part, { maxLength: 3 }),
    fc.option(part, { nil: undefined }),
    fc.option(part, { nil: undefined }),
  )
  fc.assert(
    fc.property(urls, ([scheme, user, host, port, path, query, fragment]) => {
      const authority = `${user === '' ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`
      const tail = `${query === undefined ? '' : `?${query}`}${fragment === undefined ? '' : `#${fragment}`}`
      const url = `${scheme}://${authority}/${path.join('/')}${tail}`
      const parts = parseUrl(url)
      const standard = new URL(url)
      expect(parts?.scheme).toBe(standard.protocol.slice(0, -1))
      expect(parts?.host).toBe(standard.hostname)
      expect(url.slice(parts?.authorityStart, parts?.authorityEnd)).toBe(authority)
      expect(url.slice(parts?.authorityEnd, parts?.pathEnd)).toBe(standard.pathname)
      expect(url.slice(parts?.queryStart, parts?.queryEnd)).toBe(query ?? '')
    }),
  )
})
