/** Format of the file. A higher one was written by a newer version and is refused; a lower one is brought forward. */
export const formatVersion = 2

/**
 * No keys and no indexes: one writer keeps identifiers unique, a scan of a million rows takes milliseconds, and an index
 * on them would have to fit in memory. Times are milliseconds since 1970 as DOUBLE, which JavaScript reads exactly.
 */
/** What each version of the format added to the one before it. */
const additions: Readonly<Record<number, string>> = {
  2: 'CREATE TABLE clusters (signal_id VARCHAR NOT NULL, at_ms DOUBLE NOT NULL, body VARCHAR NOT NULL);',
}

/** Brings a file of an earlier format forward. */
export function upgradeFrom(version: number): string {
  const steps = Object.entries(additions).flatMap(([added, statement]) => (Number(added) > version ? [statement] : []))
  return `${steps.join('\n')} UPDATE meta SET value = ${formatVersion} WHERE name = 'format';`
}

export const createTables = `
CREATE TABLE meta (name VARCHAR NOT NULL, value DOUBLE NOT NULL);
CREATE TABLE positions (name VARCHAR NOT NULL, value DOUBLE NOT NULL);
CREATE TABLE rules (id VARCHAR NOT NULL, version INTEGER NOT NULL, body VARCHAR NOT NULL);
CREATE TABLE signals (
  id VARCHAR NOT NULL, rule_id VARCHAR NOT NULL, state VARCHAR NOT NULL, severity VARCHAR NOT NULL, service VARCHAR,
  opened_ms DOUBLE NOT NULL, last_seen_ms DOUBLE NOT NULL, closed BOOLEAN NOT NULL, body VARCHAR NOT NULL);
CREATE TABLE responses (id VARCHAR NOT NULL, signal_id VARCHAR NOT NULL, at_ms DOUBLE NOT NULL, body VARCHAR NOT NULL);
CREATE TABLE timeline (seq DOUBLE NOT NULL, signal_id VARCHAR NOT NULL, body VARCHAR NOT NULL);
CREATE TABLE entries (
  list VARCHAR NOT NULL, id VARCHAR NOT NULL, kind VARCHAR NOT NULL, value VARCHAR NOT NULL, expires_ms DOUBLE,
  reason VARCHAR NOT NULL, signal_id VARCHAR, author VARCHAR NOT NULL, created_ms DOUBLE NOT NULL,
  rescinded_ms DOUBLE, rescinded_by VARCHAR);
CREATE TABLE documents (kind VARCHAR NOT NULL, id VARCHAR NOT NULL, body VARCHAR NOT NULL);
CREATE TABLE audit (seq DOUBLE NOT NULL, body VARCHAR NOT NULL);
${Object.values(additions).join('\n')}
INSERT INTO meta VALUES ('format', ${formatVersion}), ('epoch', 0);
`
