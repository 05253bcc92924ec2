import { detectSqli } from '../detectors/sqli/detect.ts'
import type { ScalarOperator } from '../operator.ts'

/**
 * `is_sqli`: the value holds an SQL injection. The highlight is its fingerprint: the classes of its tokens after folding,
 * such as `s&1c`. Source of the semantics: spec/waf-rules.md 2.3; decisions in RATIONALE-detectors.md.
 */
export const isSqli: ScalarOperator<'is_sqli'> = {
  kind: 'scalar',
  name: 'is_sqli',
  negatable: false,
  accepts: 'text',
  // One word is no injection: something separates it from another.
  requires: () => [[separators]],
  compile: () => (value) => {
    const fingerprint = typeof value === 'string' ? detectSqli(value) : undefined
    return fingerprint === undefined ? undefined : { highlight: [fingerprint] }
  },
}

const separators: readonly string[] = Array.from({ length: 0x81 }, (_, unit) => String.fromCharCode(unit)).filter(
  (character) => !/\w/.test(character),
)
