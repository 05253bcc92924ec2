import type { Transformer } from '../transformer.ts'

/** `url_path`: the part before the first `?` or `#`. */
export const urlPath: Transformer<'url_path'> = {
  name: 'url_path',
  aliases: [],
  triggers: '?#',
  creates: '',
  apply(value) {
    const path = pathOf(value)
    return path.length === value.length ? undefined : path
  },
}

export function pathOf(value: string): string {
  const end = value.search(/[?#]/)
  return end < 0 ? value : value.slice(0, end)
}
