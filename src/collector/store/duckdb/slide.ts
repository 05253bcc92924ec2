import { valuesOf } from './source.ts'
import type { FacetColumn } from './source.ts'

export interface Sliding {
  /** Columns of the group. */
  readonly groups: readonly string[]
  /** What each query counts: distinct values of a column, or records. */
  readonly counted: readonly (FacetColumn | undefined)[]
  readonly windowSeconds: number
}

/**
 * Windows of one length in one pass over `touched`, which has a row a record: s, ts, trusted, is_new, the group, q0 …
 * (holds), c0 … (is counted), and from_s and to_s, the ends of windows that the group is asked for. Gives t, the group,
 * v0 …, first_ts, last_ts, all_trusted for each of these seconds in which the group has a record and whose window holds
 * a new one.
 *
 * A window's figures are running sums of what enters and leaves: a record enters at its second and leaves w seconds
 * later; a distinct value enters when it is not inside already, and leaves w seconds after the last of its occurrences
 * that lie no further than w apart. What enters before from_s is added up there, and what leaves after to_s is left out:
 * a row is read a constant number of times, however many windows it lies in.
 */
export function slide({ groups, counted, windowSeconds: w }: Sliding): string {
  const group = groups.join(', ')
  const figures = [...counted.map((_, index) => `v${index}`), 'untrusted', 'news']
  const distinct = counted.flatMap((column, index) => (column ? [{ column, index }] : []))
  const records = [
    ...counted.map((column, index) => (column ? '0' : `count(CASE WHEN q${index} THEN 1 END)`)),
    'count(CASE WHEN trusted THEN NULL ELSE 1 END)',
    'count(CASE WHEN is_new THEN 1 END)',
  ]
  const valueChange = (index: number, by: string): string =>
    figures.map((name) => (name === `v${index}` ? by : '0')).join(', ')
  const changes = [
    `SELECT ${group}, greatest(s, from_s) AS s, ${records.map((count, index) => `${count} AS ${figures[index]}`).join(', ')},
       max(CASE WHEN s >= from_s THEN ts END) AS last_ts FROM touched GROUP BY ALL`,
    `SELECT ${group}, s + ${w}, ${records.map((count) => `-${count}`).join(', ')}, NULL
       FROM touched WHERE s + ${w} <= to_s GROUP BY ${group}, s`,
    ...distinct.flatMap(({ index }) => [
      `SELECT ${group}, s, ${valueChange(index, 'count(*)')}, NULL FROM came${index} GROUP BY ${group}, s`,
      `SELECT ${group}, s, ${valueChange(index, '-count(*)')}, NULL FROM left${index} GROUP BY ${group}, s`,
    ]),
  ]
  const parts = [
    ...distinct.flatMap(({ column, index }) => stays(column, index, group, w)),
    `changes AS (SELECT ${group}, s, ${figures.map((name) => `sum(${name})::BIGINT AS ${name}`).join(', ')},
       max(last_ts) AS last_ts FROM (${changes.join('\nUNION ALL\n')}) GROUP BY ${group}, s)`,
    `slid AS (SELECT ${group}, s AS t, ${figures.map((name) => `sum(${name}) OVER up AS ${name}`).join(', ')}, last_ts
       FROM changes WINDOW up AS (PARTITION BY ${group} ORDER BY s ROWS UNBOUNDED PRECEDING))`,
    // The first record of a window is that of its first second; those later than every begin are added up.
    `firsts AS (SELECT ${group}, least(s, to_s - ${w} + 2) AS s, min(ts) AS first_ts FROM touched GROUP BY ALL)`,
  ]
  return `${parts.join(',\n')}
    SELECT t, ${groups.map((name) => `slid.${name}`).join(', ')}, ${counted.map((_, index) => `v${index}`).join(', ')},
      first_ts, last_ts, untrusted = 0
    FROM slid ASOF JOIN firsts
      ON ${groups.map((name) => `slid.${name} = firsts.${name}`).join(' AND ')} AND slid.t - ${w - 1} <= firsts.s
    WHERE last_ts IS NOT NULL AND news > 0`
}

/**
 * `came` and `left`: when values of a column enter and leave. Most occur within less than w seconds, which needs no
 * order; only the others are sorted, to find how far apart their occurrences are.
 */
function stays(column: FacetColumn, index: number, group: string, w: number): readonly string[] {
  const [spans, long, came, left] = [`spans${index}`, `long${index}`, `came${index}`, `left${index}`]
  const values = `SELECT ${group}, from_s, to_s, s, ${valuesOf(`c${index}`, column)} AS value
    FROM touched WHERE c${index} IS NOT NULL`
  return [
    `${spans} AS MATERIALIZED (SELECT ${group}, any_value(from_s) AS from_s, any_value(to_s) AS to_s, value,
       min(s) AS low, max(s) AS high FROM (${values}) GROUP BY ${group}, value)`,
    `${long} AS MATERIALIZED (SELECT ${group}, from_s, to_s, s, lag(s) OVER each AS before, lead(s) OVER each AS after
       FROM (SELECT DISTINCT * FROM (${values}) SEMI JOIN (FROM ${spans} WHERE high - low > ${w}) USING (${group}, value))
       WINDOW each AS (PARTITION BY ${group}, value ORDER BY s))`,
    `${came} AS (SELECT ${group}, greatest(low, from_s) AS s FROM ${spans} WHERE high - low <= ${w}
       UNION ALL SELECT ${group}, greatest(s, from_s) FROM ${long} WHERE before IS NULL OR s - before > ${w})`,
    `${left} AS (SELECT ${group}, high + ${w} AS s FROM ${spans} WHERE high - low <= ${w} AND high + ${w} <= to_s
       UNION ALL SELECT ${group}, s + ${w} FROM ${long} WHERE (after IS NULL OR after - s > ${w}) AND s + ${w} <= to_s)`,
  ]
}
