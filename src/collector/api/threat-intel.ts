import type { FastifyInstance } from 'fastify'
import type { ThreatIntelChange, ThreatIntelLists } from '../enrich/keep-threat-intel.ts'
import { idParams, route } from './route.ts'
import { count, flag, instantOrNull, number, object, oneOf, page, text, textOrNull, type Schema } from './schema.ts'

const shownList = object({
  name: text,
  source: oneOf('upload', 'url', 'file'),
  url: textOrNull,
  refreshHours: { type: ['number', 'null'] },
  enabled: flag,
  size: count,
  updatedAt: instantOrNull,
  triedAt: instantOrNull,
  lastError: textOrNull,
})
const change = {
  csv: { ...text, description: 'ip_address,additional_data,category,intention,source, with this header' },
  url: { type: ['string', 'null'], maxLength: 2_000 },
  refreshHours: { ...number, type: ['number', 'null'], minimum: 0.25, maximum: 8_760 },
  enabled: flag,
}
const nothingNeeded = Object.keys(change)
const tag = 'threat intelligence'
const params = idParams('list', { maxLength: 64 })

type Body = string | ThreatIntelChange

/** `/api/threat-intel`: lists of known bad addresses, uploaded as CSV or fetched from a URL. */
export function threatIntelRoutes(
  server: FastifyInstance,
  { threatIntel }: { readonly threatIntel: ThreatIntelLists },
): void {
  server.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  const body: Schema = { anyOf: [text, object(change, nothingNeeded)] }

  server.get(
    '/api/threat-intel',
    route({ summary: 'The threat-intel lists', tag, reply: page(shownList) }),
    async () => ({ items: threatIntel.list(), next: null }),
  )

  server.get<{ Params: { list: string } }>(
    '/api/threat-intel/:list',
    route({ summary: 'One list, without its rows', tag, params, reply: shownList }),
    async ({ params }) => threatIntel.find(params.list),
  )

  server.post<{ Body: ThreatIntelChange & { readonly name: string } }>(
    '/api/threat-intel',
    {
      ...route({
        summary: 'A new list, from its CSV or from a URL that it is fetched from',
        tag,
        access: 'admin',
        body: object({ name: { type: 'string', minLength: 1, maxLength: 64 }, ...change }, nothingNeeded),
        status: 201,
        reply: shownList,
      }),
      bodyLimit: threatIntel.maxBytes,
    },
    async ({ body: { name, ...wanted }, principal }, reply) =>
      reply.code(201).send(await threatIntel.put(name, wanted, principal.name)),
  )

  server.put<{ Params: { list: string }; Body: Body }>(
    '/api/threat-intel/:list',
    {
      ...route({
        summary: 'Make or change a list; a body of type text/csv replaces its rows',
        tag,
        access: 'admin',
        params,
        body,
        reply: shownList,
      }),
      bodyLimit: threatIntel.maxBytes,
    },
    async ({ params, body, principal }) =>
      threatIntel.put(params.list, typeof body === 'string' ? { csv: body } : body, principal.name),
  )

  server.post<{ Params: { list: string } }>(
    '/api/threat-intel/:list/refresh',
    route({ summary: 'Fetch a list from its URL now', tag, access: 'admin', params, reply: shownList }),
    async ({ params, principal }) => threatIntel.refresh(params.list, principal.name),
  )

  server.delete<{ Params: { list: string } }>(
    '/api/threat-intel/:list',
    route({ summary: 'Remove a list', tag, access: 'admin', params, status: 204 }),
    async ({ params, principal }, reply) => {
      await threatIntel.remove(params.list, principal.name)
      return reply.code(204).send()
    },
  )

  server.post<{ Params: { list: string } }>(
    '/api/threat-intel/:list/undo',
    route({
      summary: 'Put a removed list back, its rows too: within ten minutes, at the collector that removed it',
      tag,
      access: 'admin',
      params,
      reply: shownList,
    }),
    async ({ params, principal }) => threatIntel.putBack(params.list, principal.name),
  )
}
