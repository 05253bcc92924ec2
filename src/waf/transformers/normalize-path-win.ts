import type { Transformer } from '../transformer.ts'
import { resolveDotSegments } from './normalize-path.ts'

/** `normalize_path_win`: backslashes become slashes, then as `normalize_path`. */
export const normalizePathWin: Transformer<'normalize_path_win'> = {
  name: 'normalize_path_win',
  aliases: ['normalizePathWin'],
  triggers: '.\\',
  creates: '/',
  apply(value) {
    if (!value.includes('\\')) return resolveDotSegments(value)
    const slashed = value.replaceAll('\\', '/')
    return resolveDotSegments(slashed) ?? slashed
  },
}
