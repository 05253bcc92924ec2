import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { rulesCommand } from '../../src/cli/rules.ts'
import { on, rule } from '../conformance/waf/case.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-rules-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(content))
  return path
}

async function call(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  const code = await rulesCommand(args, { out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const evil = rule([on('match_regex', { regex: 'evil' }, { address: 'server.request.query' })], { on_match: ['block'] })
const good = file('good.json', { version: '2.2', rules: [evil] })
const typo = { ...evil, id: 'r2', on_match: ['blok'] }
const misspelt = rule([on('match_regexp', {})], { id: 'r3', module: 'custom_acl' })
const bad = file('bad.json', { version: '2.2', rules: [typo, misspelt] })
const unusable = file('unusable.json', { version: '2.2', rules: [misspelt] })
const hit = file('hit.json', { 'server.request.query': { q: 'so evil' } })
const miss = file('miss.json', { 'server.request.query': { q: 'so good' } })
const raw = file('raw.json', { url: '/?q=evil', headers: {} })

const cases = [
  { args: ['check', good], code: 0, says: 'rules: 1 loaded, 0 failed, 0 skipped' },
  {
    args: ['check', bad],
    code: 1,
    says: 'rules[0].on_match[0]: no configuration gives an action "blok"; did you mean "block"?',
  },
  { args: ['check', bad], code: 1, says: 'unknown operator "match_regexp"; did you mean "match_regex"?' },
  {
    args: ['check', unusable],
    code: 2,
    says: 'no rule can be loaded (rules[0].conditions[0].operator: unknown operator',
  },
  { args: ['check', good, bad], code: 2, says: 'usage: portcullis rules check FILE' },
  { args: ['explain', good, hit], code: 0, says: 'match_regex holds at server.request.query.q: "so evil"' },
  {
    args: ['explain', good, miss],
    code: 1,
    says: 'r1: does not match: match_regex: the one value it looked at does not match',
  },
  {
    args: ['explain', good, raw],
    code: 1,
    says: 'holds no address that these rules read, such as server.request.query',
  },
  {
    args: ['explain', unusable, hit],
    code: 1,
    says: 'r3: rule: $: no rule can be loaded (rules[0].conditions[0].operator: unknown',
  },
  { args: ['explain', good, hit, '--rule', 'r9'], code: 2, says: 'holds no rule r9' },
]

test.each(cases)('rules $args.0 says $says', async ({ args, code, says }) => {
  const done = await call(...args)
  expect(`${done.out}\n${done.err}`).toContain(says)
  expect(done.code).toBe(code)
})

test('every case ran', () => expect(cases.length).toBe(10))
