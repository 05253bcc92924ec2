import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse, reservedFields } from '../../src/query/query.ts'

const page = readFileSync('docs/query-language.md', 'utf8')
const fromTables = [...page.matchAll(/^\| `([^`]+)`/gm)].map(([, query]) => query!)
const fromBlocks = [...page.matchAll(/^```\n(.+)\n```$/gm)].map(([, query]) => query!)
const queries = [...fromTables, ...fromBlocks]

test.each(queries)('the documented query %s is one', (query) => expect(() => parse(query)).not.toThrow())

test('every reserved field is documented', () => {
  for (const { name } of reservedFields) expect(page).toContain(`\`${name}\``)
})

test('every documented query was found', () => {
  expect(fromTables.length).toBeGreaterThanOrEqual(14)
  expect(fromBlocks.length).toBe(2)
})
