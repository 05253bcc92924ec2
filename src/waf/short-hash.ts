import { hash } from 'node:crypto'
import { lowerAscii } from './lower-ascii.ts'

/**
 * Texts remembered at once, and the longest of them: the paths, user agents and header lists of ordinary traffic repeat,
 * and looking one up costs a tenth of hashing it.
 */
const maxRemembered = 1024
const maxRememberedLength = 512

/** The first 8 hexadecimal digits of the SHA-256 of the text. */
export const shortHash: (text: string) => string = remembering((text) => hash('sha256', text).slice(0, 8))

/** The same of the text with A to Z in lower case. */
export const shortHashOfLower: (text: string) => string = remembering((text) => shortHash(lowerAscii(text)))

/** Keeps the results for the texts of late: two halves, of which the older one is dropped when the newer is full. */
function remembering(compute: (text: string) => string): (text: string) => string {
  let recent = new Map<string, string>()
  let older = new Map<string, string>()
  return (text) => {
    const known = recent.get(text)
    if (known !== undefined) return known
    if (text.length > maxRememberedLength) return compute(text)
    const digits = older.get(text) ?? compute(text)
    if (recent.size >= maxRemembered / 2) {
      older = recent
      recent = new Map()
    }
    recent.set(text, digits)
    return digits
  }
}
