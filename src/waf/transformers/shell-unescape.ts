import { lowerAscii } from '../lower-ascii.ts'
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
  creates: ' ',
  apply(value) {
    const start = firstChange(value)
    if (start < 0) return undefined
    let changed = value.slice(0, start)
    // From here on the text as it is, up to where something changes.
    let from = start
    for (let at = start; at < value.length; at += 1) {
      const kind = kinds[value.charCodeAt(at)] ?? 0
      if ((kind & (dropped | separator)) === 0) continue
      changed += value.slice(from, at)
      if (kind !== dropped) {
        while (((kinds[value.charCodeAt(at + 1)] ?? 0) & separator) !== 0) at += 1
        if (((kinds[value.charCodeAt(at + 1)] ?? 0) & opening) === 0) changed += ' '
      }
      from = at + 1
    }
    return lowerAscii(changed + value.slice(from))
  },
}

const dropped = 1
const separator = 2
/** Separators that become a space even when they stand alone. */
const replaced = 4
const opening = 8
const lowered = 16
const kinds = new Uint8Array(0x80)
for (const [characters, kind] of [
  ['\\"\'^', dropped],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZ', lowered],
  [' \t\n\v\f\r', separator],
  [',;', separator | replaced],
  ['/(', opening],
] as const)
  for (const character of characters) kinds[character.charCodeAt(0)] = kind

/** Where the text first needs a change, -1: nowhere. Every text with a space is asked this, so it is a plain loop. */
function firstChange(value: string): number {
  for (let at = 0; at < value.length; at += 1) {
    const kind = kinds[value.charCodeAt(at)] ?? 0
    if ((kind & (dropped | lowered)) !== 0) return at
    if ((kind & separator) === 0 || at + 1 === value.length) continue
    if ((kind & replaced) !== 0 || ((kinds[value.charCodeAt(at + 1)] ?? 0) & (separator | opening)) !== 0) return at
  }
  return -1
}
