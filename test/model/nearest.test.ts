import { expect, test } from 'vitest'
import { nearest } from '../../src/model/nearest.ts'

const cases = [
  { says: 'a missing letter', name: 'servce', among: ['service', 'version'], meant: 'service' },
  { says: 'another case', name: 'AgentURL', among: ['agentUrl', 'env'], meant: 'agentUrl' },
  { says: 'the closest of two', name: 'match_regx', among: ['match_regex', 'exact_match'], meant: 'match_regex' },
  { says: 'nothing that is far away', name: 'colour', among: ['service', 'version'], meant: undefined },
  { says: 'nothing among nothing', name: 'service', among: [], meant: undefined },
  { says: 'nothing for a name of absurd length', name: 'a'.repeat(1_000), among: ['a'], meant: undefined },
]

test.each(cases)('a slip is traced to what was meant: $says', ({ name, among, meant }) => {
  expect(nearest(name, among)).toBe(meant)
})

test('every case ran', () => expect(cases).toHaveLength(6))
