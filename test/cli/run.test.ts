import { expect, test } from 'vitest'
import { run } from '../../src/cli/run.ts'

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

const wrong = [
  { args: ['collector', '--nope'], says: '--nope' },
  { args: ['collector', '--agent-port', 'abc'], says: '--agent-port abc is not a port' },
  { args: ['collector', '--console-port', '65536'], says: '--console-port 65536 is not a port' },
  { args: ['colector'], says: 'unknown command "colector"' },
]

test.each(wrong)('$args is refused before anything starts', async ({ args, says }) => {
  const { code, err } = await call(...args)
  expect(code).toBe(2)
  expect(err).toContain(says)
})
