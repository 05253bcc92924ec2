import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import { applyState } from '../../model/remote-config.ts'
import { wafRuleModes, type ManagedWafRule, type NewWafRule } from '../../model/waf-rule.ts'
import type { RemoteConfigServer } from '../remote-config/remote-config.ts'
import type { Replayer } from '../replay/replay.ts'
import type { WafRuleChange, WafRules } from '../respond/waf-rules.ts'
import type { RecordScope, Store } from '../store/store.ts'
import { fillTemplate, wafRuleTemplates } from '../waf-rule-templates.ts'
import { isFor, isInForce, isWide, ruleConfigId, wireRuleIds, wireRules } from '../wire-rule.ts'
import { idParams, route } from './route.ts'
import { array, count, flag, instantOrNull, map, object, oneOf, page, ref, text, when } from './schema.ts'
import { toSpan } from './spans.ts'
import { parseRange, printInterval } from './time-range.ts'

interface WafRuleParts {
  readonly store: Store
  readonly wafRules: WafRules
  readonly replayer: Replayer
  readonly remoteConfig: RemoteConfigServer
  readonly clock: Clock
}

interface Tested {
  readonly rule?: unknown
  readonly ruleId?: string
}

const tag = 'response'
/** A rule is checked by the rule book, which names all that is wrong with it and where. */
const ruleBody = { type: 'object', description: 'a managed WAF rule, see the component WafRule' } as const
const tested = {
  rule: { type: 'object', description: 'a managed WAF rule, or one of the libddwaf format' },
  ruleId: text,
}
const problems = array(object({ path: text, message: text }))
const unreplayable = array(object({ address: text, keyPath: array({ type: ['string', 'number'] }), why: text }))
const condition = object(
  {
    operator: text,
    matched: flag,
    why: text,
    inputs: array(
      object({ address: text, keyPath: array({ type: ['string', 'number'] }), state: text, values: count }),
    ),
    match: { type: 'object' },
  },
  ['match'],
)
/** Traces of one request that are looked through for the span that a rule could see. */
const maxRecordsOfTrace = 10

/** `/api/waf-rules`: rules that tracers run, their versions, and what they would have hit (spec/collector.md 5). */
export function wafRuleRoutes(server: FastifyInstance, parts: WafRuleParts): void {
  const { wafRules, replayer, store, clock } = parts
  const url = '/api/waf-rules'
  const shown = (rule: ManagedWafRule): object => shownRule(rule, parts)

  server.get(url, route({ summary: 'The managed WAF rules, by name', tag, reply: page(ref('WafRule')) }), async () => ({
    items: wafRules.list().map(shown),
    next: null,
  }))

  server.get<{ Params: { id: string } }>(
    `${url}/:id`,
    route({ summary: 'One rule, with what each tracer says of it', tag, params: idParams(), reply: ref('WafRule') }),
    async ({ params }) => shown(wafRules.find(params.id)),
  )

  server.get<{ Params: { id: string } }>(
    `${url}/:id/versions`,
    route({
      summary: 'The versions of a rule, newest first; `fault` says why one was taken back by itself',
      tag,
      params: idParams(),
      reply: page(ref('WafRuleVersion')),
    }),
    async ({ params }) => ({
      items: (await wafRules.versions(params.id)).map(({ id: _id, rule, ...others }) => ({
        ...others,
        rule: storedRule(rule),
      })),
      next: null,
    }),
  )

  server.post<{ Body: unknown }>(
    url,
    route({
      summary: 'A new rule; a draft unless its mode says otherwise',
      tag,
      access: 'responder',
      body: ruleBody,
      status: 201,
      reply: ref('WafRule'),
    }),
    async ({ body, principal }, reply) => reply.code(201).send(shown(await wafRules.add(body, principal.name))),
  )

  server.put<{ Params: { id: string }; Body: unknown }>(
    `${url}/:id`,
    route({
      summary: 'A new version of a rule; a version given has to be the one in force',
      tag,
      access: 'responder',
      params: idParams(),
      body: ruleBody,
      reply: ref('WafRule'),
    }),
    async ({ params, body, principal }) => shown(await wafRules.replace(params.id, body, principal.name)),
  )

  server.patch<{ Params: { id: string }; Body: WafRuleChange }>(
    `${url}/:id`,
    route({
      summary: 'Change the mode or the end of a rule: enable, disable, extend',
      tag,
      access: 'responder',
      params: idParams(),
      body: {
        ...object({ mode: oneOf(...wafRuleModes), endsAt: instantOrNull }, ['mode', 'endsAt']),
        minProperties: 1,
      },
      reply: ref('WafRule'),
    }),
    async ({ params, body, principal }) => shown(await wafRules.change(params.id, body, principal.name)),
  )

  server.delete<{ Params: { id: string } }>(
    `${url}/:id`,
    route({ summary: 'Delete a rule; its versions stay', tag, access: 'responder', params: idParams(), status: 204 }),
    async ({ params, principal }, reply) => {
      await wafRules.remove(params.id, principal.name)
      return reply.code(204).send()
    },
  )

  server.post<{ Body: unknown }>(
    `${url}/validate`,
    route({
      summary: 'Check a rule without adding it: its problems, or what tracers would get',
      tag,
      body: ruleBody,
      reply: object({ valid: flag, problems, wire: array({ type: 'object' }), unreplayable }),
    }),
    async ({ body }) => {
      const checked = wafRules.check(body)
      if (checked.problems !== undefined) {
        return { valid: false, problems: checked.problems, wire: [], unreplayable: [] }
      }
      const { rule } = checked
      const unmeasured = replayer.unmeasured(rule)
      if (rule.mode === 'blocking' && unmeasured.length > 0) {
        const { message } = fail('WAF_RULE_UNMEASURED', unmeasured.join(', '))
        return { valid: false, problems: [{ path: '$.mode', message }], wire: [], unreplayable: [] }
      }
      const { unreplayable: open } = replayer.explain(rule, { attributes: {} })
      const id = typeof rule.rule['id'] === 'string' ? rule.rule['id'] : 'unnamed'
      const wire = wireRules({ ...rule, id }, rule.mode === 'blocking' ? ['block'] : [])
      return { valid: true, problems: [], wire, unreplayable: open }
    },
  )

  server.post<{ Body: Tested & { traceId: string } }>(
    `${url}/explain`,
    route({
      summary: 'Why a rule does or does not match a stored request, condition by condition',
      tag,
      body: object({ ...tested, traceId: { type: 'string', pattern: '^[0-9a-fA-F]{1,32}$' } }, ['rule', 'ruleId']),
      reply: object({ matched: flag, conditions: array(condition), unreplayable, span: ref('Span') }),
    }),
    async ({ body }) => {
      const rule = ruleOf(body, wafRules)
      const range = { fromMs: 0, toMs: clock.nowMs() + 120_000 }
      const query = `trace_id:${body.traceId.toLowerCase().padStart(32, '0')}`
      const { records } = await store.search(query, range, { limit: maxRecordsOfTrace })
      const explained = records.map((record) => ({ record, ...replayer.explain(rule, record) }))
      const best = explained.find(({ matched }) => matched) ?? explained[0]
      if (best === undefined) throw fail('NOT_FOUND', `a stored request ${body.traceId}`)
      const { record, ...explanation } = best
      return { ...explanation, span: toSpan(record) }
    },
  )

  server.post<{
    Body: Tested & { services?: string[]; envs?: string[]; records?: RecordScope; from?: unknown; to?: unknown }
  }>(
    `${url}/preview`,
    route({
      summary: 'What a rule would have hit in stored traffic: requests, successful logins, users, and when',
      tag,
      body: object(
        {
          ...tested,
          services: array(text),
          envs: array(text),
          records: {
            ...oneOf('full', 'all'),
            description: 'all: compact records of all requests, too; standard for a rule that is for all requests',
          },
          from: when,
          to: when,
        },
        ['rule', 'ruleId', 'services', 'envs', 'records', 'from', 'to'],
      ),
      reply: ref('Replay'),
    }),
    async ({ body }) => {
      const rule = ruleOf(body, wafRules)
      const range = parseRange(body.from ?? 'now-7d', body.to, clock.nowMs())
      const { services = rule.services, envs = rule.envs } = body
      const { records = isWide(rule.routes) ? 'all' : 'full' } = body
      const { intervalMs, ...result } = await replayer.replay({
        rule: rule.rule,
        routes: rule.routes,
        services,
        envs,
        range,
        records,
      })
      return { ...result, interval: printInterval(intervalMs) }
    },
  )

  server.get(
    `${url}/templates`,
    route({
      summary: 'Rules that are written by filling in a form',
      tag,
      reply: page(
        object({
          id: text,
          name: text,
          says: text,
          fields: array(object({ name: text, says: text, required: flag, standard: text })),
        }),
      ),
    }),
    async () => ({ items: wafRuleTemplates(), next: null }),
  )

  server.post<{ Params: { id: string }; Body: { values: Record<string, string> } }>(
    `${url}/templates/:id`,
    route({
      summary: 'The rules that a template makes of these values; nothing is added',
      tag,
      params: idParams(),
      body: object({ values: map({ type: 'string', maxLength: 2_000 }) }),
      reply: object({ rules: array({ type: 'object' }) }),
    }),
    async ({ params, body }) => ({ rules: fillTemplate(params.id, body.values) }),
  )
}

type Placed = Pick<NewWafRule, 'rule' | 'routes' | 'services' | 'envs'>

/** The rule that is named, or the one that is given, managed or bare. Throws REQUEST_INVALID, NOT_FOUND, WAF_RULE_INVALID. */
function ruleOf({ rule, ruleId }: Tested, wafRules: WafRules): Placed {
  if ((rule === undefined) === (ruleId === undefined)) {
    throw fail('REQUEST_INVALID', 'rule', 'give either a rule or a ruleId')
  }
  if (ruleId !== undefined) return wafRules.find(ruleId)
  const isBare = typeof rule === 'object' && rule !== null && 'conditions' in rule
  const checked = wafRules.check(isBare ? { name: 'given', rule } : { name: 'given', ...(rule as object) })
  if (checked.problems === undefined) return checked.rule
  const [first] = checked.problems
  throw Object.assign(fail('WAF_RULE_INVALID', first?.path ?? '$', first?.message ?? 'it cannot be read'), {
    problems: checked.problems,
  })
}

/** A rule with what tracers say of it. */
function shownRule(rule: ManagedWafRule, { remoteConfig, clock }: WafRuleParts): object {
  const configId = ruleConfigId(rule.id)
  const inForce = isInForce(rule, clock.nowMs())
  const tracers = remoteConfig
    .tracers()
    .filter((tracer) => tracer.connected && inForce && isFor(rule, tracer))
    .map(({ clientId, service, env, kind, configurations }) => {
      const found = configurations.find(({ id }) => id === configId)
      const state =
        found === undefined
          ? ('missing' as const)
          : found.apply_state === applyState.acknowledged
            ? ('applied' as const)
            : found.apply_state === applyState.error
              ? ('refused' as const)
              : ('waiting' as const)
      return { clientId, service, env, kind, state, error: found?.apply_error ?? null }
    })
  return { ...storedRule(rule), wireIds: wireRuleIds(rule), inForce, tracers }
}

function storedRule({ origin, ...rule }: ManagedWafRule): object {
  return { ...rule, origin, signalId: origin.signalId, clusterId: origin.clusterId }
}
