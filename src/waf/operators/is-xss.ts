import { detectXss } from '../detectors/xss/detect.ts'
import type { ScalarOperator } from '../operator.ts'

/**
 * `is_xss`: the value holds HTML that runs a script when put into a page. The highlight is one empty string, as in the
 * reference. Source of the semantics: spec/waf-rules.md 2.3; decisions in RATIONALE-detectors.md.
 */
export const isXss: ScalarOperator<'is_xss'> = {
  kind: 'scalar',
  name: 'is_xss',
  negatable: false,
  accepts: 'text',
  // Nothing but a tag or an attribute with a value runs anything.
  requires: () => [[['<', '=']]],
  compile: () => (value) => (typeof value === 'string' && detectXss(value) ? { highlight: [''] } : undefined),
}
