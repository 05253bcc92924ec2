import { expect, test } from 'vitest'
import { csvRow } from '../../src/collector/csv.ts'

const cases: readonly { readonly says: string; readonly cell: string; readonly written: string }[] = [
  { says: 'a word is written as it is', cell: 'ann', written: 'ann' },
  { says: 'nothing is an empty cell', cell: '', written: '' },
  { says: 'a comma needs quotes', cell: 'a,b', written: '"a,b"' },
  { says: 'quotes are doubled', cell: 'a"b', written: '"a""b"' },
  { says: 'a line break stays inside of its cell', cell: 'a\r\nb', written: '"a\r\nb"' },
  { says: 'a formula is text', cell: '=cmd|calc!A1', written: "'=cmd|calc!A1" },
  { says: 'a sum is text', cell: '+1', written: "'+1" },
  { says: 'a difference is text', cell: '-2+3', written: "'-2+3" },
  { says: 'a function of old is text', cell: '@SUM(A1)', written: "'@SUM(A1)" },
  { says: 'a formula behind a tabulator is text', cell: '\t=1', written: "'\t=1" },
  { says: 'a formula behind a carriage return is text', cell: '\r=1', written: '"\'\r=1"' },
  { says: 'a formula behind a line feed is text', cell: '\n=1', written: '"\'\n=1"' },
  { says: 'a formula in full width is text', cell: '\uff1d1+1', written: "'\uff1d1+1" },
  { says: 'a formula with quotes is text in quotes', cell: '=1+1";"', written: '"\'=1+1"";"""' },
  { says: 'what is no formula at its beginning is left alone', cell: 'a=1', written: 'a=1' },
]
test.each(cases)('$says', ({ cell, written }) => {
  expect(csvRow([cell, 'next'])).toBe(`${written},next\r\n`)
})
test('every case ran', () => expect(cases).toHaveLength(15))
