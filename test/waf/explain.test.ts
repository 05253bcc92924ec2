import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rulesCommand } from '../../src/cli/rules.ts'
import { explain } from '../../src/waf.ts'
import { on, rule } from '../conformance/waf/case.ts'

const two = rule(
  [on('match_regex', { regex: 'abc' }), on('exact_match', { data: 'names' }, { address: 'b', key_path: ['k'] })],
  { id: 'two' },
)

describe('explain', () => {
  test('says condition by condition why a rule does not match', () => {
    const explanation = explain(two, { a: ['x', 'abc'], b: { j: 'alice' } })
    expect(explanation.matched).toBe(false)
    expect(explanation.conditions.map(({ matched, why }) => ({ matched, why }))).toEqual([
      { matched: true, why: 'match_regex holds at a.1: "abc"' },
      { matched: false, why: 'none of its inputs is there' },
    ])
    expect(explanation.conditions[1]?.inputs).toEqual([
      { address: 'b', keyPath: ['k'], state: 'path absent', values: 0 },
    ])
  })

  test('looks at the lists that it is given', () => {
    const rulesData = [{ id: 'names', type: 'data_with_expiration', data: [{ value: 'alice' }] }]
    expect(explain(two, { a: 'abc', b: { k: 'alice' } }, { rulesData }).matched).toBe(true)
    expect(explain(two, { a: 'abc', b: { k: 'bob' } }, { rulesData }).conditions[1]?.why).toBe(
      'the one value it looked at does not match',
    )
  })

  test('a rule that cannot be read says what is wrong', () => {
    expect(() => explain(rule([on('match_regex', { regex: '(' })]), {})).toThrow(/not an RE2 pattern/)
  })
})

describe('portcullis rules', () => {
  let directory = ''
  const file = (name: string): string => join(directory, name)
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'portcullis-rules-'))
    const ruleset = { version: '2.2', rules: [two] }
    const names = { id: 'names', type: 'data_with_expiration', data: [{ value: 'alice' }] }
    await writeFile(file('good.json'), JSON.stringify({ ...ruleset, rules_data: [names] }))
    await writeFile(file('unlisted.json'), JSON.stringify(ruleset))
    await writeFile(file('typo.json'), JSON.stringify({ ...ruleset, rules: [two, rule([on('phrase_mtch', {})])] }))
    await writeFile(file('bad.json'), JSON.stringify({ version: '1.0', rules: [two] }))
    await writeFile(file('request.json'), JSON.stringify({ a: 'abc' }))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const call = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const [out, err]: [string[], string[]] = [[], []]
    const code = await rulesCommand(args, { out: (text) => out.push(text), err: (text) => err.push(text) })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  test('check is content with a good file', async () => {
    expect(await call('check', file('good.json'))).toEqual({
      code: 0,
      out: 'rules: 1 loaded, 0 failed, 0 skipped\nrules_data: 1 loaded, 0 failed, 0 skipped',
      err: '',
    })
  })
  test('check names a list that nothing gives', async () => {
    const { code, out } = await call('check', file('unlisted.json'))
    expect(code).toBe(1)
    expect(out).toContain('rules[0].conditions[1].parameters.data: no configuration gives a list "names"')
  })
  test('check names the JSON path and what was meant', async () => {
    const { code, out } = await call('check', file('typo.json'))
    expect(code).toBe(1)
    expect(out).toContain(
      'rules[1].conditions[0].operator: unknown operator "phrase_mtch"; did you mean "phrase_match"?',
    )
  })
  test('check refuses what is no ruleset of this format', async () => {
    expect(await call('check', file('bad.json'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('$.version') as string,
    })
  })
  test('explain shows the conditions of a rule', async () => {
    const { code, out } = await call('explain', file('good.json'), file('request.json'), '--rule', 'two')
    expect(code).toBe(1)
    expect(out.split('\n')).toEqual([
      'two: does not match',
      '  + match_regex: match_regex holds at a: "abc"',
      '  - exact_match: none of its inputs is there',
    ])
  })
  test('a wrong call shows the usage', async () => {
    expect(await call('frobnicate')).toMatchObject({ code: 2, err: expect.stringContaining('usage:') as string })
  })
})
