import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import type { Cluster, ClusterAttribute } from '../../model/cluster.ts'
import { fail } from '../../model/error.ts'
import { wafRuleModes, type WafReply, type WafRoute, type WafRuleMode } from '../../model/waf-rule.ts'
import type { ClusterDoors } from '../cluster/doors.ts'
import type { WafRules } from '../respond/waf-rules.ts'
import type { State } from '../state/state.ts'
import { clusterFigures } from './components.ts'
import { idParams, route } from './route.ts'
import {
  array,
  count,
  flag,
  instant,
  instantOrNull,
  number,
  object,
  oneOf,
  orNull,
  page,
  point,
  ref,
  text,
  textOrNull,
  when,
} from './schema.ts'
import { signalNamed } from './signals.ts'
import { parseRange, parseTime, printInterval } from './time-range.ts'

interface ClusterParts {
  readonly clusters: ClusterDoors
  readonly state: State
  readonly wafRules: WafRules
  readonly clock: Clock
}

interface Range {
  readonly from?: unknown
  readonly to?: unknown
}
type GivenAttribute = Partial<ClusterAttribute> & Pick<ClusterAttribute, 'attribute'>

const tag = 'clusters'
const attributes = array(
  object({ attribute: text, value: textOrNull, absent: flag, regex: textOrNull }, ['value', 'absent', 'regex']),
  { minItems: 1, maxItems: 8 },
)
const range = { from: when, to: when }
const query = { type: 'string', description: 'an explorer query; all requests when absent' } as const
const series = object({ interval: text, points: array(point) })

/** Clusters of signals, and of whatever is picked by hand (spec/collector.md 5). */
export function clusterRoutes(server: FastifyInstance, { clusters, state, wafRules, clock }: ClusterParts): void {
  server.get<{ Params: { id: string }; Querystring: { at?: string } }>(
    '/api/signals/:id/clusters',
    route({
      summary: 'What the attackers of a signal share, now or as it was at a time',
      tag,
      params: idParams(),
      query: { at: when },
      reply: page(ref('Cluster'), { at: instantOrNull, versions: array(instant) }),
    }),
    async ({ params, query: asked }) => {
      const signal = await signalNamed(state, params.id)
      const versions = await state.clusterTimes(signal.id)
      if (asked.at === undefined)
        return { items: signal.clusters ?? [], next: null, at: versions.at(-1) ?? null, versions }
      const version = await state.clusters(signal.id, parseTime(asked.at, clock.nowMs(), 'at'))
      return { items: version?.clusters ?? [], next: null, at: version?.at ?? null, versions }
    },
  )

  server.post<{ Params: { id: string }; Body: { attributes: readonly GivenAttribute[] } }>(
    '/api/signals/:id/clusters',
    route({
      summary: 'A cluster picked by hand: measured like the others, and kept beside them',
      tag,
      access: 'responder',
      params: idParams(),
      body: object({ attributes }),
      status: 201,
      reply: ref('Cluster'),
    }),
    async ({ params, body }, reply) =>
      reply.code(201).send(await clusters.add(params.id, body.attributes.map(wholeAttribute))),
  )

  server.post<{
    Body: Range & {
      attributes: readonly GivenAttribute[]
      query?: string
      services?: string[]
      envs?: string[]
      days?: number
    }
  }>(
    '/api/clusters/evaluate',
    route({
      summary: 'What requests with these attributes are, and what a rule of them would have stopped in the days before',
      tag,
      body: object(
        {
          attributes,
          query,
          services: array(text),
          envs: array(text),
          days: { ...count, minimum: 1, maximum: 90 },
          ...range,
        },
        ['query', 'services', 'envs', 'days', 'from', 'to'],
      ),
      reply: object({
        attributes: array(ref('ClusterAttribute')),
        query: text,
        ...clusterFigures,
        share: number,
        rule: orNull({ type: 'object' }),
        firstSeen: instantOrNull,
        lastSeen: instantOrNull,
        course: series,
      }),
    }),
    async ({ body }) => {
      const { course, ...found } = await clusters.evaluate({
        attributes: body.attributes.map(wholeAttribute),
        query: body.query ?? '',
        services: body.services ?? [],
        envs: body.envs ?? [],
        days: body.days ?? 7,
        range: parseRange(body.from, body.to, clock.nowMs()),
      })
      return { ...found, course: { interval: printInterval(course.intervalMs), points: course.points } }
    },
  )

  server.post<{ Body: Range & { query?: string; baseline?: Range; limit?: number } }>(
    '/api/clusters/analyze',
    route({
      summary: 'All attribute values of a query, by how far they exceed a baseline and follow the increase',
      tag,
      body: object({ query, ...range, baseline: object(range), limit: { ...count, minimum: 1, maximum: 200 } }, [
        'query',
        'from',
        'to',
        'baseline',
        'limit',
      ]),
      reply: page(
        object({
          attribute: text,
          value: textOrNull,
          absent: flag,
          regex: textOrNull,
          requests: number,
          share: number,
          baselineShare: number,
          excess: number,
          odds: { type: ['number', 'null'] },
          shape: number,
          blockable: flag,
          carriedBy: number,
          query: text,
        }),
      ),
    }),
    async ({ body }) => {
      const nowMs = clock.nowMs()
      const during = parseRange(body.from, body.to, nowMs)
      const baseline =
        body.baseline === undefined
          ? { fromMs: during.fromMs - 86_400_000, toMs: during.fromMs }
          : parseRange(body.baseline.from, body.baseline.to, nowMs)
      const asked = { query: body.query ?? '', range: during, baseline, limit: body.limit ?? 50 }
      return { items: await clusters.analyse(asked), next: null }
    },
  )

  server.post<{
    Body: {
      signalId?: string
      clusterId?: string
      attributes?: readonly GivenAttribute[]
      mode?: WafRuleMode
      forSeconds?: number
      routes?: readonly WafRoute[]
      response?: WafReply
    }
  }>(
    '/api/clusters/to-rule',
    route({
      summary: 'A managed WAF rule of a cluster, in monitoring unless its mode says otherwise; the rule it has already',
      tag,
      access: 'responder',
      body: object(
        {
          signalId: text,
          clusterId: text,
          attributes,
          mode: oneOf(...wafRuleModes),
          forSeconds: { ...count, minimum: 60, maximum: 90 * 86_400 },
          routes: array(object({ method: text, pathPattern: text }, ['method'])),
          response: ref('WafReply'),
        },
        ['signalId', 'clusterId', 'attributes', 'mode', 'forSeconds', 'routes', 'response'],
      ),
      status: 201,
      reply: object({ id: text, mode: text, endsAt: instantOrNull, created: flag }),
    }),
    async ({ body, principal }, reply) => {
      const { signalId, clusterId } = body
      const signal = signalId === undefined ? undefined : await signalNamed(state, signalId)
      const cluster = signal?.clusters?.find(({ id }) => id === clusterId)
      if (clusterId !== undefined && cluster === undefined) throw fail('NOT_FOUND', `cluster ${clusterId}`)
      const made = wafRules.list().find(({ origin }) => cluster !== undefined && origin.clusterId === cluster.id)
      if (made !== undefined) {
        return reply.code(201).send({ id: made.id, mode: made.mode, endsAt: made.endsAt, created: false })
      }
      const given = body.attributes?.map(wholeAttribute)
      const source: Pick<Cluster, 'attributes'> | undefined =
        cluster ?? (given === undefined ? undefined : { attributes: given })
      if (source === undefined) throw fail('REQUEST_INVALID', 'clusterId', 'name a cluster of a signal, or attributes')
      const rule = await clusters.toRule({
        ...(cluster === undefined ? {} : { id: cluster.id }),
        attributes: source.attributes,
        signal,
        mode: body.mode ?? 'monitoring',
        endsAt: new Date(clock.nowMs() + (body.forSeconds ?? 86_400) * 1_000).toISOString(),
        ...(body.routes === undefined ? {} : { routes: body.routes }),
        ...(body.response === undefined ? {} : { response: body.response }),
      })
      const { id, mode, endsAt } = await wafRules.add(rule, principal.name)
      return reply.code(201).send({ id, mode, endsAt, created: true })
    },
  )

  server.post<{ Body: Range & { query?: string; filter: string } }>(
    '/api/clusters/isolate',
    route({
      summary: 'What is left of a spike without what a filter matches, and what the filter matches outside of it',
      tag,
      body: object({ query, filter: { ...text, minLength: 1 }, ...range }, ['query', 'from', 'to']),
      reply: object({
        interval: text,
        all: array(point),
        left: array(point),
        spike: number,
        leftShare: number,
        outside: object({ spans: count, requests: count, successfulLogins: count, users: count }),
      }),
    }),
    async ({ body }) => {
      const during = parseRange(body.from, body.to, clock.nowMs())
      const { intervalMs, ...found } = await clusters.isolate({
        query: body.query ?? '',
        filter: body.filter,
        range: during,
      })
      return { interval: printInterval(intervalMs), ...found }
    },
  )
}

function wholeAttribute({ attribute, value = null, absent = false, regex = null }: GivenAttribute): ClusterAttribute {
  return { attribute, value, absent, regex }
}
