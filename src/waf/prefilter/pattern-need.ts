import { finish } from '../slices.ts'
import { parseRegex } from './regex-syntax.ts'
import { findingRequiredLiterals } from './required-literals.ts'
import type { Need } from './required-literals.ts'

/** Patterns remembered: more than the rulesets of one service have. An update mostly brings the same ones again. */
const MAX_REMEMBERED = 512
const remembered = new Map<string, Need | undefined>()

/** What a match of the pattern requires of a text; undefined when nothing useful is known. */
export function needOfPattern(source: string): Need | undefined {
  return finish(learningPattern(source))
}

/** The same, pausing between the parts of the pattern. */
export function* learningPattern(source: string): Generator<void, Need | undefined> {
  if (remembered.has(source)) return remembered.get(source)
  const node = parseRegex(source)
  yield
  const need = node && (yield* findingRequiredLiterals(node))
  if (remembered.size >= MAX_REMEMBERED) remembered.clear()
  remembered.set(source, need)
  return need
}
