import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkRule } from '../../../src/collector/detect/check-rule.ts'
import { shippedRules } from '../../../src/collector/detect/shipped-rules.ts'

const good = {
  id: 'failed-logins',
  name: 'Failed logins',
  enabled: true,
  tags: [],
  queries: {
    failures: { filter: '@appsec.security_activity:business_logic.users.login.failure', aggregate: 'count' },
    users: { filter: '*', aggregate: 'cardinality', of: '@appsec.events_data.usr.login' },
  },
  groupBy: ['env', 'service', '@http.client_ip'],
  windowSeconds: 600,
  keepAliveSeconds: 3600,
  maxSignalSeconds: 86400,
  method: 'threshold',
  cases: [{ name: 'Attempt', severity: 'low', when: 'failures > 30 && users >= 5' }],
  suppress: [],
  message: '',
}

const dictionary = { query: 'users', by: '@http.client_ip', others: 2, days: 7, minimum: 2 }

const cases: { says: string; rule: unknown; path: string; message: RegExp }[] = [
  { says: 'an unknown field', rule: { ...good, windowSecond: 5 }, path: '$.windowSecond', message: /"windowSeconds"/ },
  {
    says: 'a condition that names no query',
    rule: { ...good, cases: [{ name: 'a', severity: 'low', when: 'failurs > 3' }] },
    path: '$.cases[0].when',
    message: /"failurs".*did you mean "failures"/,
  },
  {
    says: 'a condition that is no CEL',
    rule: { ...good, cases: [{ name: 'a', severity: 'low', when: 'failures >' }] },
    path: '$.cases[0].when',
    message: /./,
  },
  {
    says: 'a condition that gives no bool',
    rule: { ...good, cases: [{ name: 'a', severity: 'low', when: 'failures + 1' }] },
    path: '$.cases[0].when',
    message: /int/,
  },
  {
    says: 'a bad filter',
    rule: { ...good, queries: { ...good.queries, failures: { filter: '(@a:b', aggregate: 'count' } } },
    path: '$.queries.failures.filter',
    message: /./,
  },
  {
    says: 'an unknown reserved field in a filter',
    rule: { ...good, queries: { ...good.queries, failures: { filter: 'servce:shop', aggregate: 'count' } } },
    path: '$.queries.failures.filter',
    message: /service/,
  },
  {
    says: 'a cardinality of nothing',
    rule: { ...good, queries: { users: { filter: '*', aggregate: 'cardinality' } } },
    path: '$.queries.users.of',
    message: /missing/,
  },
  {
    says: 'a facet without its @',
    rule: { ...good, groupBy: ['http.client_ip'] },
    path: '$.groupBy[0]',
    message: /"@http.client_ip"/,
  },
  {
    says: 'a mistyped reserved field',
    rule: { ...good, groupBy: ['servce'] },
    path: '$.groupBy[0]',
    message: /service/,
  },
  {
    says: 'an unknown severity',
    rule: { ...good, cases: [{ name: 'a', severity: 'hgh', when: 'failures > 1' }] },
    path: '$.cases[0].severity',
    message: /did you mean "high"/,
  },
  {
    says: 'a signal that would end before its window',
    rule: { ...good, keepAliveSeconds: 60 },
    path: '$.keepAliveSeconds',
    message: /600/,
  },
  { says: 'a bad suppression', rule: { ...good, suppress: ['a:('] }, path: '$.suppress[0]', message: /./ },
  { says: 'no cases', rule: { ...good, cases: [] }, path: '$.cases', message: /1 to/ },
  { says: 'a missing name', rule: { ...good, name: undefined }, path: '$.name', message: /missing/ },
  {
    says: 'a query with the name of a result',
    rule: { ...good, queries: { ...good.queries, anomalous: { filter: '*', aggregate: 'count' } } },
    path: '$.queries.anomalous',
    message: /name/,
  },
  {
    says: 'a response that does nothing',
    rule: { ...good, cases: [{ ...good.cases[0], respond: [{}] }] },
    path: '$.cases[0].respond[0]',
    message: /block/,
  },
  { says: 'an anomaly without options', rule: { ...good, method: 'anomaly' }, path: '$.anomaly', message: /missing/ },
  {
    says: 'a dictionary without options',
    rule: { ...good, method: 'dictionary' },
    path: '$.dictionary',
    message: /missing/,
  },
  {
    says: 'a dictionary of something that is only counted',
    rule: { ...good, method: 'dictionary', dictionary: { ...dictionary, query: 'failures' } },
    path: '$.dictionary.query',
    message: /"users"/,
  },
  {
    says: 'a dictionary of a field that it does not group by',
    rule: { ...good, method: 'dictionary', dictionary: { ...dictionary, by: '@http.client_i' } },
    path: '$.dictionary.by',
    message: /did you mean "@http.client_ip"/,
  },
  {
    says: 'options of a dictionary on a threshold',
    rule: { ...good, dictionary },
    path: '$.dictionary',
    message: /only a rule of method "dictionary"/,
  },
  {
    says: 'a condition that names what another method says',
    rule: { ...good, cases: [{ name: 'a', severity: 'low', when: 'listed > 1' }] },
    path: '$.cases[0].when',
    message: /"listed" is no query/,
  },
  { says: 'something else altogether', rule: 'rule', path: '$', message: /object/ },
]

test.each(cases)('$says is refused with its place', ({ rule, path, message }) => {
  const { problems } = checkRule(rule)
  const found = problems?.find((problem) => problem.path === path)
  expect(found, JSON.stringify(problems)).toBeDefined()
  expect(found?.message).toMatch(message)
})
test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(23))

test('a good rule is taken as it is', () => {
  expect(checkRule(good)).toEqual({ rule: good })
})

test('a key that names the prototype is a name like any other', () => {
  const rule = JSON.parse(JSON.stringify(good).replace('"failures":', '"__proto__":')) as unknown
  expect(checkRule(rule).problems?.map(({ path }) => path)).toContain('$.queries.__proto__')
  expect(Object.prototype).not.toHaveProperty('filter')
})

test('all rules that ship are good ones', () => {
  const rules = shippedRules()
  expect(rules.length).toBeGreaterThanOrEqual(14)
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
})

test('each rule that ships lies beside a guide with the same title', () => {
  const directory = 'src/collector/detect/rules'
  const files = readdirSync(directory)
  const rules = shippedRules()
  expect(files.filter((file) => file.endsWith('.json')).sort()).toEqual(rules.map(({ id }) => `${id}.json`).sort())
  for (const { id, name } of rules) {
    const guide = readFileSync(`${directory}/${id}.md`, 'utf8')
    expect(guide.startsWith(`# ${name}\n`), id).toBe(true)
    for (const part of ['**When it is raised.**', '**Triage.**', '**What to do.**', '**Known false alarms.**']) {
      expect(guide, `${id}: ${part}`).toContain(part)
    }
  }
})
