import type { Transformer } from '../transformer.ts'

/** `url_querystring`: the part between the first `?` and the `#`; empty when there is none. */
export const urlQuerystring: Transformer<'url_querystring'> = {
  name: 'url_querystring',
  aliases: [],
  creates: '',
  apply(value) {
    const hash = value.indexOf('#')
    const end = hash < 0 ? value.length : hash
    const mark = value.indexOf('?')
    return mark < 0 || mark > end ? '' : value.slice(mark + 1, end)
  },
}
