import type { Transformer } from '../transformer.ts'

/**
 * `shell_unescape`: undoes what a command line hides behind. Drops `\ " ' ^` and the separators before `/` and `(`,
 * makes each other run of separators (`,`, `;`, white space) one space, and lowers A to Z.
 * Nothing changes before the first place that needs it, so a lone tab there stays.
 */
export const shellUnescape: Transformer<'shell_unescape'> = {
  name: 'shell_unescape',
  aliases: ['cmdLine'],
  triggers: '\\"\'^,; \t\n\v\f\r',
  apply(value) {
    const start = value.search(/[\\"'^A-Z]|[,;\t-\r ][,;\t-\r /(]|[,;][^]/)
    if (start < 0) return undefined
    const rest = value
      .slice(start)
      .replace(/[\\"'^]|[A-Z]+|([,;\t-\r ]+)([/(])?/g, (part, separators?: string, opening?: string) => {
        if (separators !== undefined) return opening ?? ' '
        return part.length === 1 && '\\"\'^'.includes(part) ? '' : part.toLowerCase()
      })
    return value.slice(0, start) + rest
  },
}
