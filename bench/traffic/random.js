import { seededRandom } from '../../dist/cli/seeded-random.js'

/**
 * A source of chance for one part of the traffic, named, so that a campaign more or less leaves all others as they were.
 * @param {number} seed
 * @param {string} name
 */
export function randomFor(seed, name) {
  let mixed = seed >>> 0
  for (const character of name) mixed = (Math.imul(mixed ^ character.codePointAt(0), 0x01000193) + 0x9e3779b9) >>> 0
  const random = seededRandom(mixed)
  return { ...random, chance: (share) => random.next() < share, weighted: (choices) => weighted(random, choices) }
}

/** @param {{ weight: number }[]} choices */
function weighted(random, choices) {
  let left = random.next() * choices.reduce((sum, { weight }) => sum + weight, 0)
  return choices.find(({ weight }) => (left -= weight) < 0) ?? choices.at(-1)
}
