import type { Role } from '../state/state.ts'
import { ref, type Schema } from './schema.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The lowest role that may call the route; `public`: nobody has to be signed in. */
    access?: Role | 'public'
  }
}

export interface RouteDescription {
  readonly summary: string
  /** The chapter of the API document. */
  readonly tag: string
  /** viewer when absent. */
  readonly access?: Role | 'public'
  readonly params?: Schema
  readonly query?: Readonly<Record<string, Schema>>
  readonly body?: Schema
  /** Body of the reply; absent for 204. */
  readonly reply?: Schema
  readonly status?: 200 | 201 | 204
  /** Other media types that the reply may have. */
  readonly alsoAs?: readonly string[]
}

/** What a route is registered with: its schemas, its place in the API document, and who may call it. */
export function route(description: RouteDescription): {
  readonly schema: Schema
  readonly config: { readonly access: Role | 'public' }
} {
  const { summary, tag, access = 'viewer', params, query, body, reply, alsoAs = [] } = description
  const status = description.status ?? (reply === undefined && alsoAs.length === 0 ? 204 : 200)
  const media = {
    ...(reply === undefined ? {} : { 'application/json': { schema: reply } }),
    ...Object.fromEntries(alsoAs.map((type) => [type, { schema: { type: 'string' } }])),
  }
  const success = status === 204 ? { type: 'null', description: 'done' } : { description: 'done', content: media }
  return {
    schema: {
      summary,
      tags: [tag],
      ...(access === 'public' ? { security: [] } : {}),
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { querystring: { type: 'object', properties: query } }),
      ...(body === undefined ? {} : { body }),
      response: { [status]: success, default: { description: 'a problem', content: problem } },
    },
    config: { access },
  }
}

const problem = { 'application/problem+json': { schema: ref('Problem') } }

/** Parameters of a route that names one thing. */
export function idParams(name = 'id', bounds: Schema = { maxLength: 200 }): Schema {
  return { type: 'object', required: [name], properties: { [name]: { type: 'string', minLength: 1, ...bounds } } }
}
