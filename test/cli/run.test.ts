import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { version } from '../../src/model/version.ts'

async function call(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await run(args, { out: (text) => (said.out += `${text}\n`), err: (text) => (said.err += `${text}\n`) })
  return { code, ...said }
}

const verbs = ['collector', 'doctor', 'rules', 'signin', 'backup', 'restore', 'demo', 'traffic']

test.each(verbs)('portcullis %s --help says what it takes, and does nothing else', async (verb) => {
  const { code, out, err } = await call(verb, '--help')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain(`portcullis ${verb}`)
})

test('the list of verbs has all of them', async () => {
  const { out } = await call('--help')
  const listed = Array.from(out.matchAll(/^ {2}(\w+)/gm), ([, name]) => name)
  expect(listed.toSorted()).toEqual(verbs.toSorted())
})

test.each(['--version', '-v', 'version'])('portcullis %s says the version', async (argument) => {
  expect(await call(argument)).toEqual({ code: 0, out: `${version}\n`, err: '' })
})

const wrong = [
  { args: ['collector', '--agent-port', 'abc'], says: '--agent-port abc is not a port' },
  { args: ['collector', '--console-port', '65536'], says: '--console-port 65536 is not a port' },
  { args: ['colector'], says: 'unknown command "colector"; did you mean "collector"?' },
  { args: ['__proto__'], says: 'unknown command "__proto__"\n' },
  ...verbs.map((verb) => ({
    args: [verb, '--nope'],
    says: `portcullis ${verb}: Unknown option '--nope'; portcullis ${verb} --help says what it takes\n`,
  })),
]

const failing = [
  { args: ['rules', 'check', '/nowhere'], says: 'RULESET_INVALID: /nowhere: it cannot be read as JSON (ENOENT' },
  { args: ['rules', 'check', 'LICENSE'], says: 'RULESET_INVALID: LICENSE: it cannot be read as JSON (' },
  { args: ['backup', '/nowhere/b', '--data', '/nowhere'], says: 'NOT_FOUND: the data directory /nowhere (--data)' },
  { args: ['signin', '--data', '/nowhere'], says: 'COLLECTOR_NOT_RUNNING' },
  { args: ['restore', '/nowhere', '--data', '/nowhere/d'], says: 'RESTORE_FAILED' },
]

test.each(failing)('$args says what is wrong with a code', async ({ args, says }) => {
  const { code, err } = await call(...args)
  expect(code).toBe(1)
  expect(err).toContain(`portcullis ${args[0]}: ${says}`)
  expect(existsSync('/nowhere')).toBe(false)
})

test.each(wrong)('$args is refused before anything starts', async ({ args, says }) => {
  const { code, err } = await call(...args)
  expect(code).toBe(2)
  expect(err).toContain(says)
})
