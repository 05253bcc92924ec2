import { expect, test } from 'vitest'
import { exportedDeclarations } from './support/declarations.ts'

const entries = ['index', 'express', 'fastify', 'passport', 'waf', 'query', 'collector', 'testing', 'webhooks']

// A change here is a change for users: look at the difference, say it in CHANGELOG.md, then `vitest -u`.
test.each(entries)('what %s exports is what was agreed on', async (entry) => {
  const declarations = exportedDeclarations(`dist/${entry}.d.ts`)
  expect(declarations.size).toBeGreaterThan(0)
  expect([...declarations.values()].filter((text) => text.startsWith('missing'))).toEqual([])
  const names = [...declarations.keys()].sort()
  const text = names.map((name) => declarations.get(name)).join('\n\n')
  await expect(`${text}\n`).toMatchFileSnapshot(`public-api/${entry}.txt`)
})
