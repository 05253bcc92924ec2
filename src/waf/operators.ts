import type { Operator } from './operator.ts'
import { equals } from './operators/equals.ts'
import { exactMatch } from './operators/exact-match.ts'
import { exists } from './operators/exists.ts'
import { ipMatch } from './operators/ip-match.ts'
import { matchRegex } from './operators/match-regex.ts'
import { phraseMatch } from './operators/phrase-match.ts'

/** Every operator by its name in a rule. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  [equals, exactMatch, exists, ipMatch, matchRegex, phraseMatch].map((operator: Operator) => [operator.name, operator]),
)
