import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { severities } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import type { RuleBook } from '../detect/rule-book.ts'
import { idParams, route } from './route.ts'
import {
  array,
  count,
  flag,
  instant,
  map,
  number,
  object,
  oneOf,
  orNull,
  page,
  ref,
  text,
  textOrNull,
  when,
  type Schema,
} from './schema.ts'
import { parseRange } from './time-range.ts'

/** The triage guide of a rule that ships, as Markdown; null where there is none. */
export type GuideOf = (ruleId: string) => Promise<string | null>

/** A rule is checked by the rule book, which names all that is wrong with it and where. */
const ruleBody: Schema = { type: 'object', description: 'a detection rule, see the component DetectionRule' }

const testedSignal = object(
  {
    group: map(text),
    case: text,
    severity: oneOf(...severities),
    firstCrossedAt: instant,
    firstSeen: instant,
    lastSeen: instant,
    counts: map(number),
    targetedUsers: count,
    attackingIps: count,
    compromisedUsers: count,
    users: array(
      object({
        usrLogin: text,
        usrId: textOrNull,
        exists: orNull(flag),
        attempts: count,
        ips: count,
        firstSeen: instant,
        lastSeen: instant,
        compromised: flag,
        role: textOrNull,
        org: textOrNull,
      }),
    ),
    ips: array(
      object({
        ip: text,
        country: textOrNull,
        asn: textOrNull,
        attempts: count,
        users: count,
        successes: count,
        threatIntel: flag,
        blocked: count,
      }),
    ),
    compromised: array(object({ usrLogin: text, usrId: textOrNull, at: instant, ip: text, traceId: text })),
    clusters: array(ref('Cluster')),
  },
  ['users', 'ips', 'compromised', 'clusters'],
)

/** `/api/detection-rules`: rules with their versions, and what a rule would have signalled. */
export function detectionRuleRoutes(
  server: FastifyInstance,
  { rules, guideOf, clock }: { readonly rules: RuleBook; readonly guideOf: GuideOf; readonly clock: Clock },
): void {
  const tag = 'detection'

  server.get(
    '/api/detection-rules',
    route({ summary: 'The rules in force', tag, reply: page(ref('DetectionRule')) }),
    async () => ({ items: (await rules.list()).map(({ rule }) => rule), next: null }),
  )

  server.get<{ Params: { id: string } }>(
    '/api/detection-rules/:id',
    route({ summary: 'One rule', tag, params: idParams(), reply: ref('DetectionRule') }),
    async ({ params }) => (await rules.find(params.id)).rule,
  )

  server.get<{ Params: { id: string } }>(
    '/api/detection-rules/:id/versions',
    route({
      summary: 'All versions of a rule, newest first',
      tag,
      params: idParams(),
      reply: page(ref('RuleVersion')),
    }),
    async ({ params }) => ({ items: await rules.versions(params.id), next: null }),
  )

  server.get<{ Params: { id: string } }>(
    '/api/detection-rules/:id/guide',
    route({
      summary: 'The triage guide of a rule that ships, as Markdown; null where a rule has none',
      tag,
      params: idParams(),
      reply: object({ guide: textOrNull }),
    }),
    async ({ params }) => ({ guide: await guideOf((await rules.find(params.id)).rule.id) }),
  )

  server.post<{ Body: unknown }>(
    '/api/detection-rules',
    route({
      summary: 'A new rule; it begins with what is stored from now on',
      tag,
      access: 'admin',
      body: ruleBody,
      status: 201,
      reply: ref('DetectionRule'),
    }),
    async ({ body, principal }, reply) => reply.code(201).send(await rules.add(body, principal.name)),
  )

  server.put<{ Params: { id: string }; Body: unknown }>(
    '/api/detection-rules/:id',
    route({
      summary: 'A new version of a rule; a version given has to be the one in force',
      tag,
      access: 'admin',
      params: idParams(),
      body: ruleBody,
      reply: ref('DetectionRule'),
    }),
    ({ params, body, principal }) => rules.replace(params.id, body, principal.name),
  )

  server.delete<{ Params: { id: string } }>(
    '/api/detection-rules/:id',
    route({
      summary: 'Delete a rule; its signals stay, and so do its versions',
      tag,
      access: 'admin',
      params: idParams(),
      status: 204,
    }),
    async ({ params, principal }, reply) => {
      await rules.remove(params.id, principal.name)
      return reply.code(204).send()
    },
  )

  server.post<{
    Body: {
      rule?: unknown
      ruleId?: string
      from?: unknown
      to?: unknown
      include?: readonly ('entities' | 'clusters')[]
    }
  }>(
    '/api/detection-rules/test',
    route({
      summary: 'Back-test: what a rule would have signalled between from and to, and when',
      tag,
      body: object(
        { rule: ruleBody, ruleId: text, from: when, to: when, include: array(oneOf('entities', 'clusters')) },
        ['rule', 'ruleId', 'from', 'to', 'include'],
      ),
      reply: object({ signals: array(testedSignal), total: count }),
    }),
    async ({ body }) => {
      const { rule, ruleId, from, to, include = [] } = body
      if ((rule === undefined) === (ruleId === undefined)) {
        throw fail('REQUEST_INVALID', 'rule', 'give either a rule or a ruleId')
      }
      const range = parseRange(from ?? 'now-24h', to, clock.nowMs())
      const tested = ruleId === undefined ? { value: rule } : { id: ruleId }
      const [entities, clusters] = [include.includes('entities'), include.includes('clusters')]
      return rules.test(tested, { range, entities, clusters })
    },
  )
}
