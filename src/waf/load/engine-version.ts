import { fail } from '../../model/error.ts'
import type { Json } from '../cast.ts'

/** The version of the public format's engine that this one equals, for `min_version` and `max_version`. */
const ENGINE_VERSION = '1.30.1'

/** Whether `min_version` and `max_version` of an item let this engine use it. */
export function suitsEngine(item: Json, path: string): boolean {
  const own = parseVersion(ENGINE_VERSION, path)
  const { min_version: min, max_version: max } = item
  if (min !== undefined && parseVersion(min, `${path}.min_version`) > own) return false
  return max === undefined || parseVersion(max, `${path}.max_version`) >= own
}

/** A version as one comparable number: a million for the major, a thousand for the minor. */
function parseVersion(value: unknown, path: string): number {
  const parts = typeof value === 'string' ? /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:-.*)?$/.exec(value) : null
  if (parts === null)
    throw fail('RULESET_INVALID', path, `${JSON.stringify(value)?.slice(0, 40)} is not a version such as "1.30.0"`)
  return Number(parts[1]) * 1e6 + Number(parts[2]) * 1e3 + Number(parts[3])
}
