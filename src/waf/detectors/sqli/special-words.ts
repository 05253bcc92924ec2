import { wordNumber } from './words.ts'

/** Names that are functions only with parentheses: columns and variables without. */
export const calledNames: ReadonlySet<number> = new Set(
  [
    'USER_ID',
    'USER_NAME',
    'DATABASE',
    'PASSWORD',
    'USER',
    'CURRENT_USER',
    'CURRENT_DATE',
    'CURRENT_TIME',
    'CURRENT_TIMESTAMP',
    'LOCALTIME',
    'LOCALTIMESTAMP',
  ].map(wordNumber),
)
export const inWords: readonly number[] = [wordNumber('IN'), wordNumber('NOT IN')]
export const likeWords: readonly number[] = [wordNumber('LIKE'), wordNumber('NOT LIKE')]
export const user = wordNumber('USER')
