import { newReading, readIn, type Context } from './fingerprint.ts'
import { mayBeInjection } from './prefilter.ts'
import { isAttack } from './verdict.ts'

/**
 * The fingerprint of the SQL injection in a text, such as `s&1c`; undefined when there is none. The text is read as
 * what follows nothing, a single or double quote or a tick, and with MySQL's comments where those read differently.
 * Time is linear in the text.
 */
export function detectSqli(text: string): string | undefined {
  return mayBeInjection(text) ? detectSqliUnfiltered(text) : undefined
}

/** The same without the prefilter, for the test that both agree. */
export function detectSqliUnfiltered(text: string): string | undefined {
  const bytes = toBytes(text)
  const found = attackIn(bytes, 0) ?? (text.includes("'") ? attackIn(bytes, 0x27) : undefined)
  return found ?? attackInMysqlQuote(bytes, 0x22) ?? attackInMysqlQuote(bytes, 0x60)
}

function attackIn(bytes: string, quote: 0 | 0x27): string | undefined {
  const found = attackInReading(bytes, { quote, mysql: false })
  const again = found === undefined && reading.lexer.ambiguousComment
  return again ? attackInReading(bytes, { quote, mysql: true }) : found
}

// Only MySQL's kin take these for the quotes of strings.
function attackInMysqlQuote(bytes: string, quote: 0x22 | 0x60): string | undefined {
  if (!bytes.includes(String.fromCharCode(quote))) return undefined
  return attackInReading(bytes, { quote, mysql: true })
}

// One window serves all texts: detection never waits and never calls itself.
const reading = newReading()

function attackInReading(bytes: string, context: Context): string | undefined {
  const fingerprint = readIn(reading, bytes, context)
  return isAttack(reading, fingerprint) ? fingerprint : undefined
}

/** Characters that a text takes to read in all contexts, rereading included: proves linear time. */
export function sqliWork(text: string): number {
  reading.lexer.work = 0
  detectSqliUnfiltered(text)
  return reading.lexer.work
}

const beyondAscii = /[^\0-\x7f]/

// Databases' lexers see bytes; a byte of a longer character may be white space to them (0xa0).
function toBytes(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}
