/** How a database writes what the tokenizer has to tell apart. Patterns are sticky. */
export interface SqlDialect {
  /** Text in quotes. */
  readonly string: RegExp
  /** Names in quotes or brackets. */
  readonly quotedName: RegExp
  /** A comment up to the end of the line. */
  readonly lineComment: RegExp
}

const doubled = String.raw`'(?:[^']|'')*(?:'|$)`
const escaped = (quote: string): string => String.raw`${quote}(?:[^${quote}\\]|\\[^]|${quote}${quote})*(?:${quote}|$)`
const doubleQuotedName = String.raw`"(?:[^"]|"")*(?:"|$)`
const tickedName = '`(?:[^`]|``)*(?:`|$)'

const mysql: SqlDialect = {
  string: new RegExp(`${escaped("'")}|${escaped('"')}`, 'y'),
  quotedName: new RegExp(tickedName, 'y'),
  lineComment: /(?:--|#)[^\n]*/y,
}
const postgresql: SqlDialect = {
  string: new RegExp(`[eE]${escaped("'")}|${doubled}`, 'y'),
  quotedName: new RegExp(doubleQuotedName, 'y'),
  lineComment: /--[^\n]*/y,
}
const sqlite: SqlDialect = {
  string: new RegExp(doubled, 'y'),
  quotedName: new RegExp(String.raw`${doubleQuotedName}|${tickedName}|\[[^\]]*(?:\]|$)`, 'y'),
  lineComment: /--[^\n]*/y,
}
const generic: SqlDialect = {
  string: new RegExp(escaped("'"), 'y'),
  quotedName: new RegExp(`${doubleQuotedName}|${tickedName}`, 'y'),
  lineComment: /(?:--|#)[^\n]*/y,
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
