import { expect, test } from 'vitest'
import { encodeCapabilities, subscriptionFor } from '../../../src/tracer/remote-config/capabilities.ts'

const all = ['ASM_FEATURES', 'ASM', 'ASM_DD', 'ASM_DATA']

test.each([
  {
    says: 'one-click, waiting',
    state: { local: undefined, running: false, ownRules: false },
    capabilities: 'gAAAAg==',
    products: ['ASM_FEATURES'],
  },
  {
    says: 'one-click, switched on',
    state: { local: undefined, running: true, ownRules: false },
    capabilities: 'HA+ABwf+',
    products: all,
  },
  {
    says: 'on by setting',
    state: { local: true, running: true, ownRules: false },
    capabilities: 'HA+ABwf8',
    products: all,
  },
  {
    says: 'on with rules of its own',
    state: { local: true, running: true, ownRules: true },
    capabilities: 'gAAAAA==',
    products: ['ASM_FEATURES'],
  },
  {
    says: 'off by setting',
    state: { local: false, running: false, ownRules: false },
    capabilities: 'AA==',
    products: [],
  },
])('$says', ({ state, capabilities, products }) => {
  expect(subscriptionFor(state)).toEqual({ products, capabilities })
})

test('bits are big-endian without leading zero bytes', () => {
  expect(encodeCapabilities([])).toBe('AA==')
  expect(encodeCapabilities([0])).toBe('AQ==')
  expect(encodeCapabilities([8, 1])).toBe('AQI=')
  expect(encodeCapabilities([44])).toBe('EAAAAAAA')
})
