/** All conditions; nested in halves, since DuckDB bounds the depth of an expression. */
export function allOf(conditions: readonly string[]): string {
  return joined(conditions, 'AND')
}

/** One of the conditions. */
export function oneOf(conditions: readonly string[]): string {
  return joined(conditions, 'OR')
}

function joined(conditions: readonly string[], operator: 'AND' | 'OR'): string {
  if (conditions.length === 0) return operator === 'AND' ? 'TRUE' : 'FALSE'
  if (conditions.length <= 8) return conditions.map((condition) => `(${condition})`).join(` ${operator} `)
  const middle = conditions.length >> 1
  return `(${joined(conditions.slice(0, middle), operator)}) ${operator} (${joined(conditions.slice(middle), operator)})`
}
