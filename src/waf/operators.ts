import type { Operator } from './operator.ts'
import { cmdiDetector } from './operators/cmdi-detector.ts'
import { equals } from './operators/equals.ts'
import { exactMatch } from './operators/exact-match.ts'
import { exists } from './operators/exists.ts'
import { greaterThan } from './operators/greater-than.ts'
import { hiddenAsciiMatch } from './operators/hidden-ascii-match.ts'
import { ipMatch } from './operators/ip-match.ts'
import { isSqli } from './operators/is-sqli.ts'
import { isXss } from './operators/is-xss.ts'
import { lfiDetector } from './operators/lfi-detector.ts'
import { lowerThan } from './operators/lower-than.ts'
import { matchRegexWithChecksum } from './operators/match-regex-with-checksum.ts'
import { matchRegex } from './operators/match-regex.ts'
import { phraseMatch } from './operators/phrase-match.ts'
import { shiDetector } from './operators/shi-detector.ts'
import { sqliDetector } from './operators/sqli-detector.ts'
import { ssrfDetector } from './operators/ssrf-detector.ts'

const all: readonly Operator[] = [
  cmdiDetector,
  equals,
  exactMatch,
  exists,
  greaterThan,
  hiddenAsciiMatch,
  ipMatch,
  isSqli,
  isXss,
  lfiDetector,
  lowerThan,
  matchRegex,
  matchRegexWithChecksum,
  phraseMatch,
  shiDetector,
  sqliDetector,
  ssrfDetector,
]

/** Every operator by its name in a rule. */
export const operators: ReadonlyMap<string, Operator> = new Map(all.map((operator) => [operator.name, operator]))
