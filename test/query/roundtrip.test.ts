import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { QueryError, parse, print, tokenize } from '../../src/query/query.ts'
import { awkwardQueries, withoutPositions } from '../support/queries.ts'

const noise = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        'a',
        '@x',
        ':',
        '"',
        '\\',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        ' ',
        '-',
        'AND',
        'OR',
        'NOT',
        'TO',
        '*',
        '?',
        '>',
        '<=',
        '5',
        '20ms',
        'service:',
        '@http.client_ip:',
        '::1',
        '/8',
        'tags:',
        'timestamp:',
        'trace_id:',
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
)

test('any query that the parser can make is read back from its text', () => {
  fc.assert(
    fc.property(awkwardQueries(), (query) => {
      expect(withoutPositions(parse(print(query)))).toEqual(query)
    }),
    { numRuns: 1500 },
  )
})

test('any text is a query or a query error inside the text, and printing is stable', () => {
  let parsed = 0
  fc.assert(
    fc.property(noise, (text) => {
      try {
        const query = parse(text)
        parsed++
        const printed = print(query)
        expect(withoutPositions(parse(printed))).toEqual(withoutPositions(query))
        expect(print(parse(printed))).toBe(printed)
      } catch (error) {
        if (!(error instanceof QueryError)) throw error
        expect(error.position).toBeGreaterThanOrEqual(0)
        expect(error.position + error.length).toBeLessThanOrEqual(text.length)
        expect(error.expected).not.toBe('')
      }
    }),
    { numRuns: 5000 },
  )
  expect(parsed).toBeGreaterThan(100)
})

test('tokens put together are the text', () => {
  fc.assert(
    fc.property(noise, (text) => {
      const tokens = tokenize(text)
      expect(tokens.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text)
      expect(tokens.every(({ start, end }) => end > start)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
