import { hash } from 'node:crypto'

/**
 * Texts remembered at once, and the longest of them: the paths, user agents and header lists of ordinary traffic repeat,
 * and looking one up costs a tenth of hashing it.
 */
const maxRemembered = 1024
const maxRememberedLength = 512

let recent = new Map<string, string>()
let older = new Map<string, string>()

/** The first 8 hexadecimal digits of the SHA-256 of the text. */
export function shortHash(text: string): string {
  if (text.length > maxRememberedLength) return compute(text)
  const known = recent.get(text)
  if (known !== undefined) return known
  const digits = older.get(text) ?? compute(text)
  if (recent.size >= maxRemembered / 2) {
    older = recent
    recent = new Map()
  }
  recent.set(text, digits)
  return digits
}

function compute(text: string): string {
  return hash('sha256', text).slice(0, 8)
}
