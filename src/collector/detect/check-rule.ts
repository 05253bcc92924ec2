import type {
  AnomalyOptions,
  DetectionRule,
  DictionaryOptions,
  RuleCase,
  RuleNotify,
  RuleQuery,
  RuleResponse,
} from '../../model/detection-rule.ts'
import { severities } from '../../model/detection-rule.ts'
import { fail } from '../../model/error.ts'
import { newIdAttributes } from '../../model/notification.ts'
import { nearest } from '../../model/nearest.ts'
import { checkFilter } from './check-filter.ts'
import { compileCondition, methodNames } from './condition.ts'

/** What is wrong with a rule, and where: a JSON path such as `$.cases[0].when`. */
export interface RuleProblem {
  readonly path: string
  readonly message: string
}

export type CheckedRule =
  | { readonly rule: DetectionRule; readonly problems?: undefined }
  | { readonly problems: readonly RuleProblem[] }

/** Bounds of one rule, so that no rule can make every evaluation slow. */
const maxQueries = 20
const maxCases = 10
const maxSuppressions = 200
const maxGroupBy = 4
const daySeconds = 86_400

/** Reads a rule from outside: all its problems at once, or the rule. */
export function checkRule(value: unknown): CheckedRule {
  const problems: RuleProblem[] = []
  const reader = new Reader(problems)
  const fields = reader.object(value, '$', ruleFields)
  if (fields === undefined) return { problems }

  const method =
    reader.oneOf(fields['method'], '$.method', ['threshold', 'anomaly', 'dictionary'] as const) ?? 'threshold'
  const queries = checkQueries(reader, fields['queries'])
  const windowSeconds = reader.integer(fields['windowSeconds'], '$.windowSeconds', 1, daySeconds)
  const keepAliveSeconds = reader.integer(fields['keepAliveSeconds'], '$.keepAliveSeconds', windowSeconds, daySeconds)
  const anomaly =
    method === 'anomaly' ? checkAnomaly(reader, fields['anomaly'], Object.keys(queries), windowSeconds) : undefined
  if (method !== 'anomaly' && fields['anomaly'] !== undefined) {
    reader.problem('$.anomaly', 'only a rule of method "anomaly" has it')
  }
  const groupBy = reader.texts(fields['groupBy'], '$.groupBy', maxGroupBy, checkFacet)
  const dictionary =
    method === 'dictionary' ? checkDictionary(reader, fields['dictionary'], { queries, groupBy }) : undefined
  if (method !== 'dictionary' && fields['dictionary'] !== undefined) {
    reader.problem('$.dictionary', 'only a rule of method "dictionary" has it')
  }
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
      30 * daySeconds,
    ),
    ...(fields['evaluateEveryMs'] === undefined
      ? {}
      : { evaluateEveryMs: reader.integer(fields['evaluateEveryMs'], '$.evaluateEveryMs', 100, 3_600_000) }),
    method,
    ...(anomaly === undefined ? {} : { anomaly }),
    ...(dictionary === undefined ? {} : { dictionary }),
    cases: checkCases(reader, fields['cases'], { queries, method }),
    suppress: reader.texts(fields['suppress'] ?? [], '$.suppress', maxSuppressions, checkFilter),
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
  'cases',
  'suppress',
  'message',
  'notify',
]

function checkQueries(reader: Reader, value: unknown): Record<string, RuleQuery> {
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
  reader: Reader,
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

function checkWhen(reader: Reader, when: string, path: string, rule: Pick<DetectionRule, 'queries' | 'method'>): void {
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

function checkResponses(reader: Reader, value: unknown, path: string): readonly RuleResponse[] {
  return (reader.list(value, path) ?? []).flatMap((item, index): readonly RuleResponse[] => {
    const at = `${path}[${index}]`
    const fields = reader.object(item, at, ['block', 'forSeconds', 'flag'])
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
    reader.problem(at, 'a response has "block" or "flag"')
    return []
  })
}

function checkNotify(reader: Reader, value: unknown, path: string): readonly RuleNotify[] {
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

function checkAnomaly(
  reader: Reader,
  value: unknown,
  queryNames: readonly string[],
  windowSeconds: number,
): AnomalyOptions | undefined {
  const path = '$.anomaly'
  const fields = reader.object(value, path, [
    'query',
    'successes',
    'bucketSeconds',
    'learnBuckets',
    'minBuckets',
    'tolerance',
    'floor',
    'learningFloor',
    'usualOdds',
  ])
  if (fields === undefined) return undefined
  const learnBuckets = reader.integer(fields['learnBuckets'], `${path}.learnBuckets`, 4, 10_000)
  return {
    query: reader.oneOf(fields['query'], `${path}.query`, queryNames) ?? '',
    ...(fields['successes'] === undefined
      ? {}
      : { successes: reader.oneOf(fields['successes'], `${path}.successes`, queryNames) ?? '' }),
    bucketSeconds: reader.integer(fields['bucketSeconds'], `${path}.bucketSeconds`, 10, Math.max(10, windowSeconds)),
    learnBuckets,
    minBuckets: reader.integer(fields['minBuckets'], `${path}.minBuckets`, 4, learnBuckets),
    tolerance: reader.number(fields['tolerance'], `${path}.tolerance`, 1, 100),
    floor: reader.integer(fields['floor'], `${path}.floor`, 1, 1_000_000),
    learningFloor: reader.integer(fields['learningFloor'], `${path}.learningFloor`, 1, 1_000_000),
    ...(fields['usualOdds'] === undefined
      ? {}
      : { usualOdds: reader.number(fields['usualOdds'], `${path}.usualOdds`, 0, 100) }),
  }
}

function checkDictionary(
  reader: Reader,
  value: unknown,
  { queries, groupBy }: Pick<DetectionRule, 'queries' | 'groupBy'>,
): DictionaryOptions | undefined {
  const path = '$.dictionary'
  const fields = reader.object(value, path, ['query', 'by', 'others', 'days', 'minimum'])
  if (fields === undefined) return undefined
  const cardinalities = Object.keys(queries).filter((name) => queries[name]?.aggregate === 'cardinality')
  return {
    query: reader.oneOf(fields['query'], `${path}.query`, cardinalities) ?? '',
    by: reader.oneOf(fields['by'], `${path}.by`, groupBy) ?? '',
    others: reader.integer(fields['others'], `${path}.others`, 1, 1_000),
    days: reader.integer(fields['days'], `${path}.days`, 1, 30),
    minimum: reader.integer(fields['minimum'], `${path}.minimum`, 1, 1_000),
  }
}

const reservedFields = [
  'service',
  'env',
  'version',
  'status',
  'trace_id',
  'span_id',
  'resource_name',
  'operation_name',
  'type',
]

function checkFacet(facet: string): string | undefined {
  if (facet.startsWith('@') && facet.length > 1) return undefined
  if (reservedFields.includes(facet)) return undefined
  const near = nearest(facet, reservedFields)
  const suggestion = near ?? `@${facet}`
  return `"${facet}" is no reserved field; did you mean "${suggestion}"?`
}

/** Reads fields of unknown values and notes what is wrong with them; what it gives back then only fills the place. */
class Reader {
  readonly #problems: RuleProblem[]

  constructor(problems: RuleProblem[]) {
    this.#problems = problems
  }

  problem(path: string, message: string): void {
    this.#problems.push({ path, message })
  }

  object(value: unknown, path: string, known?: readonly string[]): Record<string, unknown> | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.problem(path, value === undefined ? 'is missing' : 'is not an object')
      return undefined
    }
    for (const name of Object.keys(value)) {
      if (known === undefined || known.includes(name)) continue
      const near = nearest(name, known)
      this.problem(`${path}.${name}`, `unknown field${near === undefined ? '' : `; did you mean "${near}"?`}`)
    }
    return value as Record<string, unknown>
  }

  list(value: unknown, path: string): readonly unknown[] | undefined {
    if (Array.isArray(value)) return value as unknown[]
    this.problem(path, value === undefined ? 'is missing' : 'is not a list')
    return undefined
  }

  text(value: unknown, path: string, shape: RegExp = /\S/, meaning = 'a text that is not empty'): string {
    if (typeof value === 'string' && value.length <= 10_000 && shape.test(value)) return value
    this.problem(path, value === undefined ? 'is missing' : `is not ${meaning}`)
    return ''
  }

  texts(value: unknown, path: string, max: number, check?: (text: string) => string | undefined): readonly string[] {
    const list = this.list(value, path) ?? []
    if (list.length > max) this.problem(path, `has more than ${max} items`)
    return list.slice(0, max).map((item, index) => {
      const text = this.text(item, `${path}[${index}]`)
      const wrong = text === '' ? undefined : check?.(text)
      if (wrong !== undefined) this.problem(`${path}[${index}]`, wrong)
      return text
    })
  }

  flag(value: unknown, path: string): boolean {
    if (typeof value !== 'boolean') this.problem(path, value === undefined ? 'is missing' : 'is not true or false')
    return value === true
  }

  number(value: unknown, path: string, min: number, max: number): number {
    if (typeof value === 'number' && value >= min && value <= max) return value
    this.problem(path, value === undefined ? 'is missing' : `is not a number from ${min} to ${max}`)
    return min
  }

  integer(value: unknown, path: string, min: number, max: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.problem(path, value === undefined ? 'is missing' : `is not a whole number from ${min} to ${max}`)
    return min
  }

  oneOf<T extends string>(value: unknown, path: string, accepted: readonly T[]): T | undefined {
    const found = accepted.find((item) => item === value)
    if (found !== undefined) return found
    const near = typeof value === 'string' ? nearest(value, accepted) : undefined
    const choice = accepted.map((item) => `"${item}"`).join(', ')
    this.problem(
      path,
      value === undefined
        ? 'is missing'
        : `is not one of ${choice}${near === undefined ? '' : `; did you mean "${near}"?`}`,
    )
    return undefined
  }
}
