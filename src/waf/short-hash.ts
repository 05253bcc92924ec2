import { hash } from 'node:crypto'
import { lowerAscii } from './lower-ascii.ts'
import { rememberByText } from './remember-by-text.ts'

/**
 * The first 8 hexadecimal digits of the SHA-256 of the text. Remembered: the paths, user agents and header lists of
 * ordinary traffic repeat, and looking one up costs a tenth of hashing it.
 */
export const shortHash: (text: string) => string = rememberByText((text) => hash('sha256', text).slice(0, 8))

/** The same of the text with A to Z in lower case. */
export const shortHashOfLower: (text: string) => string = rememberByText((text) => shortHash(lowerAscii(text)))
