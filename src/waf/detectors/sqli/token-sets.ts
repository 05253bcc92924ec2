import { TokenType } from './token.ts'

// One bit a class, so that "one of these classes" is a single test.
const bits = new Int32Array(128)
for (const [index, type] of Object.values(TokenType).entries()) bits[type] = 1 << index

/** A set of token classes. */
export type TokenSet = number

export function tokenSet(...names: (keyof typeof TokenType)[]): TokenSet {
  let set = 0
  for (const name of names) set |= bits[TokenType[name]] ?? 0
  return set
}

export function isIn(type: number, set: TokenSet): boolean {
  return ((bits[type] ?? 0) & set) !== 0
}
