import { expect, test } from 'vitest'
import { createObfuscator } from '../../src/waf/obfuscator.ts'

/** A regex that is not valid stands for the default one, which hides what its groups capture. */
const byDefault = createObfuscator({ valueRegex: '(' })

test('only what is secret is hidden of a text', () => {
  const { value } = byDefault.redact({ keyPath: [], value: 'a=1&token=abc&b=2&password=xyz', highlight: [] })
  expect(value).toBe('a=1&token=<Redacted>&b=2&password=<Redacted>')
})

test('of a text full of secrets none is shown, and what is searched for them is bounded', () => {
  const secrets = Array.from({ length: 5000 }, (_, index) => `hidden${index}`)
  const text = secrets.map((secret) => `token=${secret}&`).join('')
  const { value } = byDefault.redact({ keyPath: [], value: text, highlight: [text] })
  expect(value).not.toContain('hidden')
  expect(value.split('<Redacted>').length).toBeLessThan(100)
})
