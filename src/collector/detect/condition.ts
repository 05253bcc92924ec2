import { Environment } from '@marcbachmann/cel-js'
import type { DetectionRule } from '../../model/detection-rule.ts'

/** Whether a case holds for the counts of a window. */
export type Condition = (counts: Readonly<Record<string, number>>, finding: Finding) => boolean

/** What the anomaly method says of a window. */
export interface AnomalyFinding {
  readonly anomalous: boolean
  readonly expected: number
}

/** What the method of a rule says of a window; nothing for a threshold. */
export interface Finding extends Partial<AnomalyFinding> {
  /** How many values the window tries that stand on a list (DictionaryOptions). */
  readonly listed?: number
  /** Values of the window that its group did not have before, and how many it had (NewValueOptions). */
  readonly fresh?: number
  readonly known?: number
  /** Journeys that nobody could have made (TravelOptions). */
  readonly travels?: number
}

/** Names that cases see beside the queries, by the method of their rule. */
export const methodNames = {
  threshold: [],
  anomaly: ['anomalous', 'expected'],
  dictionary: ['listed'],
  new_value: ['fresh', 'known'],
  impossible_travel: ['travels'],
} as const satisfies Record<DetectionRule['method'], readonly string[]>

/** Those of them that are numbers. */
const ints = ['expected', 'listed', 'fresh', 'known', 'travels'] as const

/** Bounds of an expression: far above any sensible rule, far below what costs time. */
const limits = { maxAstNodes: 500, maxDepth: 40, maxListElements: 100, maxMapEntries: 0, maxCallArguments: 10 }

/**
 * Compiles the CEL conditions of a rule. Counts are integers (BigInt), as CEL compares no int with a double literal
 * of its own accord. Returns what is wrong with the expression instead, in a sentence.
 */
export function compileCondition(
  when: string,
  rule: Pick<DetectionRule, 'queries' | 'method'>,
): { readonly condition: Condition } | { readonly problem: string } {
  const names = Object.keys(rule.queries)
  try {
    const environment = new Environment({ limits })
    for (const name of names) environment.registerVariable(name, 'int')
    for (const name of methodNames[rule.method])
      environment.registerVariable(name, name === 'anomalous' ? 'bool' : 'int')
    const expression = environment.parse(when)
    const { valid, type, error } = expression.check()
    if (!valid) return { problem: firstLine(error) }
    if (type !== 'bool') return { problem: `it gives ${type ?? 'no value'}, a condition gives bool` }
    return {
      condition: (counts, finding) => {
        const values: Record<string, bigint | boolean> = Object.create(null) as Record<string, bigint | boolean>
        values['anomalous'] = finding.anomalous ?? false
        for (const name of ints) values[name] = BigInt(Math.round(finding[name] ?? 0))
        for (const name of names) values[name] = BigInt(Math.round(counts[name] ?? 0))
        return holds(() => expression(values))
      },
    }
  } catch (error) {
    return { problem: firstLine(error) }
  }
}

/** An expression that has no value for these counts (a division by zero) does not hold. */
function holds(evaluate: () => unknown): boolean {
  try {
    return evaluate() === true
  } catch {
    return false
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? message
}
