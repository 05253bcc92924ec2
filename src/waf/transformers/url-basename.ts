import type { Transformer } from '../transformer.ts'
import { pathOf } from './url-path.ts'

/** `url_basename`: what follows the last slash of the path. */
export const urlBasename: Transformer<'url_basename'> = {
  name: 'url_basename',
  aliases: [],
  triggers: '/?#',
  creates: '',
  apply(value) {
    const path = pathOf(value)
    const slash = path.lastIndexOf('/')
    return slash < 0 && path.length === value.length ? undefined : path.slice(slash + 1)
  },
}
