import type { PageRequest } from '../state/state.ts'

/** JSON schema of `?limit=&cursor=`. */
export const pageQuery = {
  limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
  cursor: { type: 'string', maxLength: 500 },
} as const

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string
}

export function pageOf({ limit, cursor }: PageQuery): PageRequest {
  return cursor === undefined ? { limit } : { limit, cursor }
}

/** A list that a client sends separated by commas, such as `?state=open,under_review`. */
export function listOf(text: string | undefined): readonly string[] | undefined {
  return text === undefined || text === '' ? undefined : text.split(',')
}
