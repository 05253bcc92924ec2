import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { preferredPage } from '../../src/tracer/accept.ts'

const cases = [
  { accept: undefined, page: 'json' },
  { accept: '', page: 'json' },
  { accept: '*/*', page: 'json' },
  { accept: 'text/html', page: 'html' },
  { accept: 'text/html, */*', page: 'html' },
  { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', page: 'html' },
  { accept: 'application/json, text/html', page: 'json' },
  { accept: 'application/json;q=0.5, text/html', page: 'html' },
  { accept: 'text/html;q=0.5, application/json', page: 'json' },
  { accept: 'text/html;q=0, */*', page: 'json' },
  { accept: 'TEXT/HTML', page: 'html' },
  { accept: 'application/*, text/html;q=0.9', page: 'json' },
  { accept: 'text/*', page: 'json' },
  { accept: 'image/png', page: 'json' },
]

test.each(cases)('$accept gets $page', ({ accept, page }) => expect(preferredPage(accept)).toBe(page))

test('every case ran', () => expect(cases).toHaveLength(14))

test('no header makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), (accept) => {
      expect(['html', 'json']).toContain(preferredPage(accept))
    }),
  )
})
