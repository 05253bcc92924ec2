import { detectStatementInjection } from '../detectors/statement/detect-statement-injection.ts'
import { dialectOf } from '../detectors/statement/dialect.ts'
import type { ExploitOperator } from '../operator.ts'

/**
 * `sqli_detector`: a parameter is more than a value of an SQL statement, read in the dialect that `db_type` names. The
 * reported statement has `?` for its strings and numbers. Source: spec/waf-rules.md 2.3.
 */
export const sqliDetector: ExploitOperator<'sqli_detector'> = {
  kind: 'exploit',
  name: 'sqli_detector',
  version: 3,
  readsDialect: true,
  minParameterBytes: 3,
  compile: () => (resource, parameter, dialect) => {
    if (typeof resource !== 'string') return undefined
    const shown = detectStatementInjection(resource, parameter, dialectOf(dialect))
    return shown === undefined ? undefined : { highlight: [parameter], resource: shown }
  },
}
