/** Collects the texts of a statement: what people wrote is always a bound parameter, never part of the SQL. */
export class Binder {
  readonly #names = new Map<string, string>()

  /** The placeholder of a text; equal texts share one. */
  text(value: string): string {
    let name = this.#names.get(value)
    if (name === undefined) {
      name = `p${this.#names.size}`
      this.#names.set(value, name)
    }
    return `$${name}`
  }

  /** A list of texts, however long, as one parameter. */
  list(values: readonly string[]): string {
    return `from_json(${this.text(JSON.stringify(values))}, '["VARCHAR"]')`
  }

  get parameters(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#names].map(([value, name]) => [name, value]))
  }
}

/** A whole number in SQL. Times and sequences stand in the text, since DuckDB prunes row groups only by constants of the column's type. */
export function integer(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a whole number`)
  return String(BigInt(Math.round(value)))
}
