import type { Condition, Input } from './condition.ts'

/** Modules in the order in which they are evaluated. */
export const moduleOrder = [
  'network-acl',
  'authentication-acl',
  'custom-acl',
  'configuration',
  'business-logic',
  'rasp',
  'waf',
] as const
export type Module = (typeof moduleOrder)[number]

/** The module of this name, if there is one. */
export function moduleNamed(name: string | undefined): Module | undefined {
  return moduleOrder.find((one) => one === name)
}

/** A value that a matching rule stores as an attribute: written in the rule, or taken from an address. */
export type AttributeSource =
  | { readonly name: string; readonly value: string | number | boolean }
  | { readonly name: string; readonly input: Input }

/** A rule as its configuration has it, compiled but not yet overridden nor placed in the order of evaluation. */
export interface Rule {
  readonly id: string
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly source: 'base' | 'custom'
  readonly conditions: readonly Condition[]
  readonly onMatch: readonly string[]
  readonly enabled: boolean
  readonly keep: boolean
  readonly event: boolean
  readonly attributes: readonly AttributeSource[]
}
