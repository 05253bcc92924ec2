import { describe, expect, test } from 'vitest'
import { compileRuleset, defaultRuleset } from '../../src/waf.ts'
import { countWork } from '../support/count-work.ts'
import { recommendedRuleset } from '../support/recommended-ruleset.ts'

const MEGABYTES = 1_000_000
const attack = "1' or '1'='1' -- <script>alert(1)</script> ../../etc/passwd "

const huge: readonly (readonly [says: string, make: () => unknown])[] = [
  ['a text of 50 MB', () => 'lorem ipsum é '.repeat((50 * MEGABYTES) / 14)],
  ['a text of 50 MB that nothing closes', () => `<a style="/*'${'\\'.repeat(50 * MEGABYTES)}`],
  ['a text of 50 MB of attacks', () => attack.repeat((50 * MEGABYTES) / attack.length)],
  ['50 MB of lone surrogates', () => '\ud800'.repeat(50 * MEGABYTES)],
  ['50 MB of escapes', () => '%25'.repeat((50 * MEGABYTES) / 3)],
  ['50 MB of bytes', () => Buffer.alloc(50 * MEGABYTES, 0xff)],
  ['a key of 50 MB', () => ({ ['k'.repeat(50 * MEGABYTES)]: 'x' })],
  ['a hundred texts of 1 MB', () => Array.from({ length: 100 }, (_, index) => `${index}`.repeat(MEGABYTES))],
  ['a million items', () => Array(MEGABYTES).fill(attack)],
  [
    'a list that holds itself 200,000 times',
    () => {
      const loop: unknown[] = []
      for (let index = 0; index < 200_000; index += 1) loop.push(loop)
      return loop
    },
  ],
  [
    'twenty levels that each hold the next ten times',
    () => Array.from({ length: 20 }).reduce<unknown>((below) => Array(10).fill(below), attack),
  ],
  [
    'nesting 10,000 deep',
    () =>
      Array.from({ length: 10_000 }).reduce<unknown>(
        (below, _, level) => (level % 2 === 0 ? [below] : { k: below }),
        attack,
      ),
  ],
]

const addresses = [
  'server.request.body',
  'server.request.query',
  'server.request.cookies',
  'server.request.headers.no_cookies',
  'server.request.uri.raw',
  'server.request.path_params',
  'server.db.statement',
  'server.sys.shell.cmd',
  'server.sys.exec.cmd',
  'server.io.fs.file',
  'server.io.net.url',
  'server.response.body',
  'usr.id',
  'usr.session_id',
]

const rulesets = [
  ['the recommended ruleset', compileRuleset(recommendedRuleset, { obfuscator: { keyRegex: 'x^', valueRegex: '(' } })],
  ['the default ruleset', compileRuleset(defaultRuleset())],
] as const

/** What one run looks at unless told otherwise; each character by the transformers and patterns of 200 rules at most. */
const MOST_WORK = 256 * (1 << 20)

describe.each(rulesets)('with %s', (_, waf) => {
  test.each(huge)('%s in every address costs a bounded work, processors included', (__, make) => {
    const value = make()
    const persistent = {
      'waf.context.processor': { 'extract-schema': true },
      ...Object.fromEntries(addresses.map((address) => [address, value])),
    }
    let result: ReturnType<ReturnType<typeof waf.createContext>['run']> | undefined
    const work = countWork(() => {
      result = waf.createContext().run({ persistent })
    })
    expect(result?.truncated).toBeDefined()
    expect(work).toBeLessThanOrEqual(MOST_WORK)
  })
})

test('every case ran', () => expect(huge.length).toBe(12))
