/** Levels of objects in metadata; deeper ones are left out. */
const MAX_LEVELS = 5
/** Values looked at in one call: metadata may be cyclic and wide at once. */
const MAX_VALUES = 1000

type Leaf = string | number | bigint | boolean | symbol | null

export interface Flattened {
  /** Text by key path, joined by dots. */
  readonly fields: ReadonlyMap<string, string>
  /** Whether something was left out: too deep or too much. */
  readonly truncated: boolean
}

/**
 * Metadata as the flat tags of Datadog tracers: nested objects and lists joined by dots (lists by index),
 * undefined left out, everything else as text. Source: spec/tracer.md 2.1.
 */
export function flatten(metadata: object): Flattened {
  const fields = new Map<string, string>()
  let truncated = false
  let values = 0

  function walk(object: object, prefix: string, level: number): void {
    if (level > MAX_LEVELS) {
      truncated = true
      return
    }
    for (const key of Object.keys(object)) {
      values += 1
      if (values > MAX_VALUES) {
        truncated = true
        return
      }
      const value = Reflect.get(object, key) as Leaf | object | undefined
      if (typeof value === 'object' && value !== null) walk(value, `${prefix}${key}.`, level + 1)
      else if (value !== undefined) fields.set(prefix + key, String(value))
    }
  }

  walk(metadata, '', 1)
  return { fields, truncated }
}
