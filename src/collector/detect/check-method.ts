import type {
  AnomalyOptions,
  DetectionRule,
  DictionaryOptions,
  NewValueOptions,
  TravelOptions,
} from '../../model/detection-rule.ts'
import { checkFacet } from './check-filter.ts'
import type { FieldReader } from './field-reader.ts'

/** The methods of rules, each with the field of its options. */
const optionsOf = {
  threshold: undefined,
  anomaly: 'anomaly',
  dictionary: 'dictionary',
  new_value: 'newValue',
  impossible_travel: 'travel',
} as const satisfies Record<DetectionRule['method'], keyof DetectionRule | undefined>

export const methods = Object.keys(optionsOf) as readonly DetectionRule['method'][]

type Rule = Pick<DetectionRule, 'method' | 'queries' | 'groupBy' | 'windowSeconds'>
type MethodOptions = Pick<DetectionRule, 'anomaly' | 'dictionary' | 'newValue' | 'travel'>

/** The options of a rule's method; those of another method are a problem. */
export function checkMethod(reader: FieldReader, fields: Readonly<Record<string, unknown>>, rule: Rule): MethodOptions {
  for (const [method, field] of Object.entries(optionsOf)) {
    if (field === undefined || method === rule.method || fields[field] === undefined) continue
    reader.problem(`$.${field}`, `only a rule of method "${method}" has it`)
  }
  const { method, queries, windowSeconds } = rule
  if (method === 'anomaly') {
    return optional('anomaly', checkAnomaly(reader, fields['anomaly'], Object.keys(queries), windowSeconds))
  }
  if (method === 'dictionary') return optional('dictionary', checkDictionary(reader, fields['dictionary'], rule))
  if (method === 'new_value') return optional('newValue', checkNewValue(reader, fields['newValue'], rule))
  if (method === 'impossible_travel') return optional('travel', checkTravel(reader, fields['travel'], rule))
  return {}
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: V })
}

function checkAnomaly(
  reader: FieldReader,
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
    'slack',
    'strangerShare',
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
    ...(fields['slack'] === undefined ? {} : { slack: reader.number(fields['slack'], `${path}.slack`, 1, 100) }),
    ...(fields['strangerShare'] === undefined
      ? {}
      : { strangerShare: reader.number(fields['strangerShare'], `${path}.strangerShare`, 0.1, 1) }),
  }
}

function checkDictionary(
  reader: FieldReader,
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

function checkNewValue(
  reader: FieldReader,
  value: unknown,
  { queries }: Pick<Rule, 'queries'>,
): NewValueOptions | undefined {
  const path = '$.newValue'
  const fields = reader.object(value, path, ['query', 'of', 'learningDays', 'forgetAfterDays'])
  if (fields === undefined) return undefined
  const of = reader.text(fields['of'], `${path}.of`)
  const notAFacet = of === '' ? undefined : checkFacet(of)
  if (notAFacet !== undefined) reader.problem(`${path}.of`, notAFacet)
  const forgetAfterDays = reader.integer(fields['forgetAfterDays'], `${path}.forgetAfterDays`, 1, 90)
  return {
    query: reader.oneOf(fields['query'], `${path}.query`, Object.keys(queries)) ?? '',
    of,
    learningDays: reader.integer(fields['learningDays'], `${path}.learningDays`, 0, forgetAfterDays),
    forgetAfterDays,
  }
}

function checkTravel(
  reader: FieldReader,
  value: unknown,
  { queries }: Pick<Rule, 'queries'>,
): TravelOptions | undefined {
  const path = '$.travel'
  const fields = reader.object(value, path, ['query', 'minKm', 'minKmPerHour', 'baselineDays'])
  if (fields === undefined) return undefined
  return {
    query: reader.oneOf(fields['query'], `${path}.query`, Object.keys(queries)) ?? '',
    minKm: reader.integer(fields['minKm'], `${path}.minKm`, 1, 20_000),
    minKmPerHour: reader.integer(fields['minKmPerHour'], `${path}.minKmPerHour`, 1, 100_000),
    baselineDays: reader.integer(fields['baselineDays'], `${path}.baselineDays`, 0, 30),
  }
}
