import { skipPast, skipQuoted } from '../skip.ts'

/** Reads something at a position: where it ends, or the position itself when it does not stand there. */
type Reader = (text: string, at: number) => number

/** How a database writes what the tokenizer has to tell apart. */
export interface SqlDialect {
  /** Text in quotes. */
  readonly string: Reader
  /** Names in quotes or brackets. */
  readonly quotedName: Reader
  /** A comment up to the end of the line. */
  readonly lineComment: Reader
}

/** Reads what one of these quotes encloses. */
function quoted(quotes: string, backslashes: boolean): Reader {
  return (text, at) => (at < text.length && quotes.includes(text.charAt(at)) ? skipQuoted(text, at, backslashes) : at)
}

/** Reads a line behind one of these marks. */
function line(...marks: readonly string[]): Reader {
  return (text, at) => {
    if (!marks.some((mark) => text.startsWith(mark, at))) return at
    const end = text.indexOf('\n', at)
    return end === -1 ? text.length : end
  }
}

const doubled = quoted("'", false)
const doubleQuotedOrTicked = quoted('"`', false)

const mysql: SqlDialect = {
  string: quoted('\'"', true),
  quotedName: quoted('`', false),
  lineComment: line('--', '#'),
}
const postgresql: SqlDialect = {
  string(text, at) {
    const isEscaped = (text.charCodeAt(at) | 0x20) === 0x65 && text.charCodeAt(at + 1) === 0x27
    return isEscaped ? skipQuoted(text, at + 1, true) : doubled(text, at)
  },
  quotedName: quoted('"', false),
  lineComment: line('--'),
}
const sqlite: SqlDialect = {
  string: doubled,
  quotedName: (text, at) => (text.charAt(at) === '[' ? skipPast(text, at + 1, ']') : doubleQuotedOrTicked(text, at)),
  lineComment: line('--'),
}
const generic: SqlDialect = {
  string: quoted("'", true),
  quotedName: doubleQuotedOrTicked,
  lineComment: line('--', '#'),
}

const byName: ReadonlyMap<string, SqlDialect> = new Map([
  ['mysql', mysql],
  ['mysql2', mysql],
  // MariaDB reads what MySQL reads; the reference takes it for an unknown one and shows its double-quoted strings.
  ['mariadb', mysql],
  ['pgsql', postgresql],
  ['postgresql', postgresql],
  ['sqlite', sqlite],
])

/** The dialect of a database system (`db_type`); what most have in common for any other. */
export function dialectOf(name: string | undefined): SqlDialect {
  return byName.get(name?.toLowerCase() ?? '') ?? generic
}
