import type { Transformer } from '../transformer.ts'

const commentStart = /#|--|\/[/*]/

/**
 * `remove_comments`: drops C and HTML comments (an open one to the end of the text) and everything from a line comment
 * of SQL, shell or C++ (`--`, `#`, `//`) on.
 */
export const removeComments: Transformer<'remove_comments'> = {
  name: 'remove_comments',
  aliases: ['removeComments'],
  triggers: '#-/',
  changes: commentStart,
  creates: '',
  apply(value) {
    if (!commentStart.test(value)) return undefined
    const opening = /\/\*|<!--|--|#|\/\//g
    let kept = ''
    let from = 0
    for (let found = opening.exec(value); found !== null; found = opening.exec(value)) {
      kept += value.slice(from, found.index)
      const close = found[0] === '/*' ? '*/' : found[0] === '<!--' ? '-->' : undefined
      const end = close === undefined ? -1 : value.indexOf(close, opening.lastIndex)
      if (close === undefined || end < 0) return kept
      from = end + close.length
      opening.lastIndex = from
    }
    return kept + value.slice(from)
  },
}
