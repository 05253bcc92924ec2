import type { Transformer } from '../transformer.ts'

const dotSegmentEnd = /\.(?:\/|$)/

/**
 * `normalize_path`: resolves `.` and `..` segments between slashes; empty segments (`//`) stay.
 * What would climb out of the text ends at its root: `../../etc` is `/etc`.
 */
export const normalizePath: Transformer<'normalize_path'> = {
  name: 'normalize_path',
  aliases: ['normalizePath'],
  triggers: '.',
  changes: dotSegmentEnd,
  creates: '',
  apply: resolveDotSegments,
}

/** Undefined when nothing was resolved. Dropping dots at the very end alone (`a/.`, `/./`) is no change. */
export function resolveDotSegments(value: string): string | undefined {
  if (!dotSegmentEnd.test(value)) return undefined
  const segments = value.split('/')
  const last = segments.length - 1
  const kept: string[] = []
  let dropped = false
  let changed = false
  for (const [index, segment] of segments.entries()) {
    if (segment === '.') {
      dropped = true
      if (index === last) kept.push('')
    } else if (segment === '..' && index > 0) {
      changed = true
      kept.pop()
      // The root cannot be left: a path that climbed past its start goes on from "/".
      if (kept.length === 0) kept.push('')
      if (index === last) kept.push('')
    } else {
      kept.push(segment)
      if (dropped && (index < last || segment !== '')) changed = true
    }
  }
  return changed ? kept.join('/') : undefined
}
