import { expect, test } from 'vitest'
import type { ConfigChange } from '../../../src/tracer/remote-config/config-change.ts'
import { FeatureSwitches } from '../../../src/tracer/remote-config/features.ts'

function change(id: string, content: unknown, kind: ConfigChange['kind'] = 'added'): ConfigChange {
  return { kind, path: `datadog/2/ASM_FEATURES/${id}/config`, product: 'ASM_FEATURES', id, version: 1, content }
}

test('the collector switches on and off, and leaves it to the setting again when it goes', () => {
  const switches = new FeatureSwitches()
  expect(switches.current).toEqual({ asmEnabled: undefined, autoUserMode: undefined })
  switches.apply([change('a', { asm: { enabled: true } })])
  expect(switches.current.asmEnabled).toBe(true)
  switches.apply([change('a', { asm: { enabled: false } }, 'changed')])
  expect(switches.current.asmEnabled).toBe(false)
  switches.apply([change('a', undefined, 'removed')])
  expect(switches.current.asmEnabled).toBeUndefined()
})

test('a second configuration with a mode is rejected as a whole, until the first is gone', () => {
  const switches = new FeatureSwitches()
  const outcomes = switches.apply([
    change('a', { auto_user_instrum: { mode: 'anonymization' } }),
    change('b', { auto_user_instrum: { mode: 'disabled' }, asm: { enabled: true } }),
    change('c', { asm: { enabled: true } }),
  ])
  expect([...outcomes.values()]).toEqual([null, 'Multiple auto_user_instrum.mode received in ASM_FEATURES', null])
  expect(switches.current).toEqual({ asmEnabled: true, autoUserMode: 'anonymization' })
  expect([
    ...switches.apply([change('a', { auto_user_instrum: { mode: 'identification' } }, 'changed')]).values(),
  ]).toEqual([null])
  expect(switches.current.autoUserMode).toBe('identification')
  switches.apply([change('a', undefined, 'removed'), change('b', { auto_user_instrum: { mode: 'disabled' } })])
  expect(switches.current).toEqual({ asmEnabled: true, autoUserMode: 'disabled' })
})

test('other products and odd contents are left out', () => {
  const switches = new FeatureSwitches()
  expect(switches.apply([{ ...change('x', {}), product: 'ASM' }]).size).toBe(0)
  expect([...switches.apply([change('a', 'text'), change('b', null), change('c', { asm: 'yes' })]).values()]).toEqual([
    'the configuration is not an object',
    null,
    null,
  ])
  expect(switches.current).toEqual({ asmEnabled: undefined, autoUserMode: undefined })
})
