import { newReading, readIn, type Context } from './fingerprint.ts'
import { mayBeInjection } from './prefilter.ts'
import { isAttack } from './verdict.ts'

/**
 * The fingerprint of the SQL injection in a text, such as `s&1c`; undefined when there is none. The text is read as
 * what follows nothing, a single quote or a double quote, and with MySQL's comments where those read differently.
 * Time is linear in the text.
 */
export function detectSqli(text: string): string | undefined {
  return mayBeInjection(text) ? detectSqliUnfiltered(text) : undefined
}

/** The same without the prefilter, for the test that both agree. */
export function detectSqliUnfiltered(text: string): string | undefined {
  const bytes = toBytes(text)
  const found = attackIn(bytes, 0) ?? (text.includes("'") ? attackIn(bytes, 0x27) : undefined)
  return found ?? (text.includes('"') ? attackInReading(bytes, { quote: 0x22, mysql: true }) : undefined)
}

function attackIn(bytes: string, quote: 0 | 0x27): string | undefined {
  const found = attackInReading(bytes, { quote, mysql: false })
  const again = found === undefined && reading.lexer.ambiguousComment
  return again ? attackInReading(bytes, { quote, mysql: true }) : found
}

// One window serves all texts: detection never waits and never calls itself.
const reading = newReading()

function attackInReading(bytes: string, context: Context): string | undefined {
  const fingerprint = readIn(reading, bytes, context)
  return isAttack(reading, fingerprint) ? fingerprint : undefined
}

const beyondAscii = /[^\0-\x7f]/

// Databases' lexers see bytes; a byte of a longer character may be white space to them (0xa0).
function toBytes(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}
