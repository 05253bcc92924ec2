import type { DetectionRule, RuleCase, RuleNotify, RuleQuery, RuleResponse } from '../../model/detection-rule.ts'
import { severities } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import { newIdAttributes } from '../../model/notification.ts'
import { nearest } from '../../model/nearest.ts'
import { checkFacet, checkFilter } from './check-filter.ts'
import { checkMethod, methods } from './check-method.ts'
import { compileCondition, methodNames } from './condition.ts'
import { FieldReader, type RuleProblem } from './field-reader.ts'
import { canBeSlow, maxFastWindowSeconds } from './slow-windows.ts'

export type CheckedRule =
  | { readonly rule: DetectionRule; readonly problems?: undefined }
  | { readonly problems: readonly RuleProblem[] }

/** Bounds of one rule, so that no rule can make every evaluation slow. */
const maxQueries = 20
const maxCases = 10
const maxSuppressions = 200
const maxGroupBy = 4
const maxUnless = 20
const daySeconds = 86_400

/** Reads a rule from outside: all its problems at once, or the rule. */
export function checkRule(value: unknown): CheckedRule {
  const problems: RuleProblem[] = []
  const reader = new FieldReader(problems)
  const fields = reader.object(value, '$', ruleFields)
  if (fields === undefined) return { problems }

  const method = reader.oneOf(fields['method'], '$.method', methods) ?? 'threshold'
  const queries = checkQueries(reader, fields['queries'])
  const longest = canBeSlow(method) ? 30 * daySeconds : maxFastWindowSeconds
  const windowSeconds = reader.integer(fields['windowSeconds'], '$.windowSeconds', 1, longest)
  const keepAliveSeconds = reader.integer(
    fields['keepAliveSeconds'],
    '$.keepAliveSeconds',
    windowSeconds,
    30 * daySeconds,
  )
  const groupBy = reader.texts(fields['groupBy'], '$.groupBy', maxGroupBy, checkFacet)
  const rule: DetectionRule = {
    id: reader.text(fields['id'], '$.id', /^[a-z0-9][a-z0-9-]{0,99}$/, 'lower-case letters, digits and dashes'),
    name: reader.text(fields['name'], '$.name'),
    enabled: reader.flag(fields['enabled'], '$.enabled'),
    ...(fields['version'] === undefined
      ? {}
      : { version: reader.integer(fields['version'], '$.version', 1, 1_000_000_000) }),
    tags: reader.texts(fields['tags'] ?? [], '$.tags', 50),
    queries,
    groupBy,
    windowSeconds,
    keepAliveSeconds,
    maxSignalSeconds: reader.integer(
      fields['maxSignalSeconds'],
      '$.maxSignalSeconds',
      keepAliveSeconds,
      90 * daySeconds,
    ),
    ...(fields['evaluateEveryMs'] === undefined
      ? {}
      : { evaluateEveryMs: reader.integer(fields['evaluateEveryMs'], '$.evaluateEveryMs', 100, 3_600_000) }),
    method,
    ...checkMethod(reader, fields, { method, queries, groupBy, windowSeconds }),
    cases: checkCases(reader, fields['cases'], { queries, method }),
    suppress: reader.texts(fields['suppress'] ?? [], '$.suppress', maxSuppressions, checkFilter),
    ...(fields['unless'] === undefined ? {} : { unless: reader.texts(fields['unless'], '$.unless', maxUnless) }),
    message: reader.text(fields['message'] ?? '', '$.message', /^[^]*$/, 'a text'),
    ...(fields['notify'] === undefined ? {} : { notify: checkNotify(reader, fields['notify'], '$.notify') }),
  }
  return problems.length > 0 ? { problems } : { rule }
}

/** The rule, or DETECTION_RULE_INVALID with the first problem; `help` lists the others. */
export function ruleOrThrow(value: unknown): DetectionRule {
  const checked = checkRule(value)
  if (checked.problems === undefined) return checked.rule
  const first = checked.problems[0] ?? { path: '$', message: 'it cannot be read' }
  throw fail('DETECTION_RULE_INVALID', first.path, first.message)
}

/** What a method says stands beside the queries. */
const reservedNames: ReadonlySet<string> = new Set(Object.values(methodNames).flat())

const ruleFields = [
  'id',
  'name',
  'enabled',
  'version',
  'tags',
  'queries',
  'groupBy',
  'windowSeconds',
  'keepAliveSeconds',
  'maxSignalSeconds',
  'evaluateEveryMs',
  'method',
  'anomaly',
  'dictionary',
  'newValue',
  'travel',
  'cases',
  'suppress',
  'unless',
  'message',
  'notify',
]

function checkQueries(reader: FieldReader, value: unknown): Record<string, RuleQuery> {
  const queries: Record<string, RuleQuery> = Object.create(null) as Record<string, RuleQuery>
  const names = reader.object(value, '$.queries')
  if (names === undefined) return queries
  const entries = Object.entries(names)
  if (entries.length === 0 || entries.length > maxQueries) {
    reader.problem('$.queries', `a rule has 1 to ${maxQueries} queries`)
  }
  for (const [name, query] of entries) {
    const path = `$.queries.${name}`
    if (!/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/.test(name) || reservedNames.has(name)) {
      reader.problem(path, `a query name is letters, digits and underscores, and not ${[...reservedNames].join(', ')}`)
      continue
    }
    const fields = reader.object(query, path, ['filter', 'aggregate', 'of'])
    if (fields === undefined) continue
    const filter = reader.text(fields['filter'], `${path}.filter`)
    const wrong = filter === '' ? undefined : checkFilter(filter)
    if (wrong !== undefined) reader.problem(`${path}.filter`, wrong)
    const aggregate = reader.oneOf(fields['aggregate'], `${path}.aggregate`, ['count', 'cardinality'] as const)
    if (aggregate === 'cardinality') {
      const of = reader.text(fields['of'], `${path}.of`)
      const notAFacet = of === '' ? undefined : checkFacet(of)
      if (notAFacet !== undefined) reader.problem(`${path}.of`, notAFacet)
      queries[name] = { filter, aggregate, of }
    } else {
      if (fields['of'] !== undefined) reader.problem(`${path}.of`, 'only a cardinality has it')
      queries[name] = { filter, aggregate: 'count' }
    }
  }
  return queries
}

function checkCases(
  reader: FieldReader,
  value: unknown,
  rule: Pick<DetectionRule, 'queries' | 'method'>,
): readonly RuleCase[] {
  const list = reader.list(value, '$.cases')
  if (list === undefined) return []
  if (list.length === 0 || list.length > maxCases) reader.problem('$.cases', `a rule has 1 to ${maxCases} cases`)
  return list.flatMap((item, index) => {
    const path = `$.cases[${index}]`
    const fields = reader.object(item, path, ['name', 'severity', 'when', 'respond', 'notify'])
    if (fields === undefined) return []
    const when = reader.text(fields['when'], `${path}.when`)
    if (when !== '') checkWhen(reader, when, `${path}.when`, rule)
    return [
      {
        name: reader.text(fields['name'], `${path}.name`),
        severity: reader.oneOf(fields['severity'], `${path}.severity`, severities) ?? 'info',
        when,
        ...(fields['respond'] === undefined
          ? {}
          : { respond: checkResponses(reader, fields['respond'], `${path}.respond`) }),
        ...(fields['notify'] === undefined ? {} : { notify: checkNotify(reader, fields['notify'], `${path}.notify`) }),
      },
    ]
  })
}

function checkWhen(
  reader: FieldReader,
  when: string,
  path: string,
  rule: Pick<DetectionRule, 'queries' | 'method'>,
): void {
  const compiled = compileCondition(when, rule)
  if (!('problem' in compiled)) return
  const unknown = /Unknown variable: (\S+)/.exec(compiled.problem)?.[1]
  if (unknown === undefined) {
    reader.problem(path, compiled.problem)
    return
  }
  const names = [...Object.keys(rule.queries), ...methodNames[rule.method]]
  const near = nearest(unknown, names)
  reader.problem(path, `"${unknown}" is no query of this rule${near === undefined ? '' : `; did you mean "${near}"?`}`)
}

const blockKinds = ['ip', 'user', 'login', 'user_agent', 'fingerprint', 'cluster'] as const

function checkResponses(reader: FieldReader, value: unknown, path: string): readonly RuleResponse[] {
  return (reader.list(value, path) ?? []).flatMap((item, index): readonly RuleResponse[] => {
    const at = `${path}[${index}]`
    const fields = reader.object(item, at, ['block', 'forSeconds', 'flag', 'notify'])
    if (fields === undefined) return []
    if (fields['block'] !== undefined) {
      const block = reader.oneOf(fields['block'], `${at}.block`, blockKinds)
      const forSeconds = reader.integer(fields['forSeconds'], `${at}.forSeconds`, 60, 30 * daySeconds)
      return block === undefined ? [] : [{ block, forSeconds }]
    }
    if (fields['flag'] !== undefined) {
      const flag = reader.oneOf(fields['flag'], `${at}.flag`, ['ip'] as const)
      return flag === undefined ? [] : [{ flag }]
    }
    if (fields['notify'] !== undefined) return [{ notify: reader.text(fields['notify'], `${at}.notify`) }]
    reader.problem(at, 'a response has "block", "flag" or "notify"')
    return []
  })
}

function checkNotify(reader: FieldReader, value: unknown, path: string): readonly RuleNotify[] {
  return (reader.list(value, path) ?? []).flatMap((item, index): readonly RuleNotify[] => {
    const at = `${path}[${index}]`
    const fields = reader.object(item, at, ['recipient', 'forEachNew'])
    if (fields === undefined) return []
    const recipient = reader.text(fields['recipient'], `${at}.recipient`)
    if (fields['forEachNew'] === undefined) return [{ recipient }]
    const forEachNew = reader.oneOf(fields['forEachNew'], `${at}.forEachNew`, newIdAttributes)
    return forEachNew === undefined ? [] : [{ recipient, forEachNew }]
  })
}
