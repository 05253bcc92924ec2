import { detectSqli } from '../detectors/sqli/detect.ts'
import { tellingTexts } from '../detectors/sqli/features.ts'
import type { ScalarOperator } from '../operator.ts'
import type { Need } from '../prefilter/required-literals.ts'

/**
 * `is_sqli`: the value holds an SQL injection. The highlight is its fingerprint: the classes of its tokens after folding,
 * such as `s&1c`. Source of the semantics: spec/waf-rules.md 2.3; decisions in RATIONALE-detectors.md.
 */
export const isSqli: ScalarOperator<'is_sqli'> = {
  kind: 'scalar',
  name: 'is_sqli',
  negatable: false,
  accepts: 'text',
  requires: () => need,
  compile: () => (value) => {
    const fingerprint = typeof value === 'string' ? detectSqli(value) : undefined
    return fingerprint === undefined ? undefined : { highlight: [fingerprint] }
  },
}

const marks: readonly string[] = Array.from({ length: 0x81 }, (_, unit) => String.fromCharCode(unit)).filter(
  (character) => !/[\w ]/.test(character),
)
/** A mark, or words with spaces between them of which one is SQL's: one word alone is no injection. */
const need: Need = [[marks], [[' '], tellingTexts()]]
