import { BEYOND_ASCII } from '../../src/waf/prefilter/char-set.ts'
import type { RegexNode } from '../../src/waf/prefilter/regex-syntax.ts'
import type { RandomSource } from './random-source.ts'

/** A text that the pattern, anchors aside, matches; letters in either case, and now and then one that only RE2 folds. */
export function sampleRegex(node: RegexNode, random: RandomSource): string {
  if (node.kind === 'nothing') return ''
  if (node.kind === 'chars') return sampleUnit(random.pick(node.set.folded), random)
  if (node.kind === 'alternate') return sampleRegex(random.pick(node.items), random)
  if (node.kind === 'concat') return node.items.map((item) => sampleRegex(item, random)).join('')
  const times = node.min + random.integer(Math.min(node.max - node.min, 3) + 1)
  return Array.from({ length: Math.min(times, 40) }, () => sampleRegex(node.item, random)).join('')
}

function sampleUnit(unit: number, random: RandomSource): string {
  if (unit === BEYOND_ASCII) return random.pick(['é', 'ß', '中', '😀'])
  const text = String.fromCharCode(unit)
  if (text === 's' && random.chance(0.02)) return '\u017f'
  if (text === 'k' && random.chance(0.02)) return '\u212a'
  return random.chance(0.2) ? text.toUpperCase() : text
}
