import { nearest } from '../../model/nearest.ts'

/** What is wrong with a rule, and where: a JSON path such as `$.cases[0].when`. */
export interface RuleProblem {
  readonly path: string
  readonly message: string
}

/** Reads fields of unknown values and notes what is wrong with them; what it gives back then only fills the place. */
export class FieldReader {
  readonly #problems: RuleProblem[]

  constructor(problems: RuleProblem[]) {
    this.#problems = problems
  }

  problem(path: string, message: string): void {
    this.#problems.push({ path, message })
  }

  object(value: unknown, path: string, known?: readonly string[]): Record<string, unknown> | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.problem(path, value === undefined ? 'is missing' : 'is not an object')
      return undefined
    }
    for (const name of Object.keys(value)) {
      if (known === undefined || known.includes(name)) continue
      const near = nearest(name, known)
      this.problem(`${path}.${name}`, `unknown field${near === undefined ? '' : `; did you mean "${near}"?`}`)
    }
    return value as Record<string, unknown>
  }

  list(value: unknown, path: string): readonly unknown[] | undefined {
    if (Array.isArray(value)) return value as unknown[]
    this.problem(path, value === undefined ? 'is missing' : 'is not a list')
    return undefined
  }

  text(value: unknown, path: string, shape: RegExp = /\S/, meaning = 'a text that is not empty'): string {
    if (typeof value === 'string' && value.length <= 10_000 && shape.test(value)) return value
    this.problem(path, value === undefined ? 'is missing' : `is not ${meaning}`)
    return ''
  }

  texts(value: unknown, path: string, max: number, check?: (text: string) => string | undefined): readonly string[] {
    const list = this.list(value, path) ?? []
    if (list.length > max) this.problem(path, `has more than ${max} items`)
    return list.slice(0, max).map((item, index) => {
      const text = this.text(item, `${path}[${index}]`)
      const wrong = text === '' ? undefined : check?.(text)
      if (wrong !== undefined) this.problem(`${path}[${index}]`, wrong)
      return text
    })
  }

  flag(value: unknown, path: string): boolean {
    if (typeof value !== 'boolean') this.problem(path, value === undefined ? 'is missing' : 'is not true or false')
    return value === true
  }

  number(value: unknown, path: string, min: number, max: number): number {
    if (typeof value === 'number' && value >= min && value <= max) return value
    this.problem(path, value === undefined ? 'is missing' : `is not a number from ${min} to ${max}`)
    return min
  }

  integer(value: unknown, path: string, min: number, max: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.problem(path, value === undefined ? 'is missing' : `is not a whole number from ${min} to ${max}`)
    return min
  }

  oneOf<T extends string>(value: unknown, path: string, accepted: readonly T[]): T | undefined {
    const found = accepted.find((item) => item === value)
    if (found !== undefined) return found
    const near = typeof value === 'string' ? nearest(value, accepted) : undefined
    const choice = accepted.map((item) => `"${item}"`).join(', ')
    this.problem(
      path,
      value === undefined
        ? 'is missing'
        : `is not one of ${choice}${near === undefined ? '' : `; did you mean "${near}"?`}`,
    )
    return undefined
  }
}
