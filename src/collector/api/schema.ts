/** A JSON schema (2020-12), as the routes declare it and /api/openapi.json shows it. */
export type Schema = Readonly<Record<string, unknown>>

export const text: Schema = { type: 'string' }
export const textOrNull: Schema = { type: ['string', 'null'] }
export const number: Schema = { type: 'number' }
export const count: Schema = { type: 'integer', minimum: 0 }
export const flag: Schema = { type: 'boolean' }
/** ISO 8601, UTC, milliseconds. */
export const instant: Schema = { type: 'string', format: 'date-time' }
export const instantOrNull: Schema = { type: ['string', 'null'], format: 'date-time' }
/** A point of a course: start of the bucket in milliseconds since 1970, and its value. */
export const point: Schema = { type: 'array', items: number, minItems: 2, maxItems: 2 }
/** How a request writes a time: ISO 8601, milliseconds since 1970, or relative such as now-15m. */
export const when: Schema = { type: ['string', 'number'], description: 'ISO 8601, epoch milliseconds, or now-15m' }

export function array(items: Schema, bounds: Schema = {}): Schema {
  return { type: 'array', items, ...bounds }
}

export function oneOf(...values: readonly (string | null)[]): Schema {
  return { enum: values }
}

export function map(values: Schema): Schema {
  return { type: 'object', additionalProperties: values }
}

/** An object with exactly these properties, of which the ones named in `optional` may be missing. */
export function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', additionalProperties: false, required, properties }
}

/** A component that `components.ts` declares. */
export function ref(name: string): Schema {
  return { $ref: `${name}#` }
}

const scalars: ReadonlySet<unknown> = new Set(['boolean', 'integer', 'number', 'string'])

/** The same, or null. One type of two for what is no object: the server would read a null as the scalar of `anyOf`. */
export function orNull(schema: Schema): Schema {
  const { type } = schema
  return scalars.has(type) ? { ...schema, type: [type, 'null'] } : { anyOf: [schema, { type: 'null' }] }
}

/** A page of a list: `next` goes back as `cursor`; null at the end. */
export function page(item: Schema, more: Readonly<Record<string, Schema>> = {}): Schema {
  return object({ items: array(item), next: textOrNull, ...more })
}
