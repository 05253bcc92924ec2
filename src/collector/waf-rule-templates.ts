import { fail } from '../model/error.ts'
import { eventName } from '../model/tags.ts'
import { loginTagRule } from '../waf/default-ruleset/login-tag-rule.ts'
import { routeRegex } from './wire-rule.ts'

/** One thing that a template asks for. */
export interface TemplateField {
  readonly name: string
  readonly says: string
  readonly required: boolean
  /** What is filled in beforehand. */
  readonly standard: string
}

/** A rule that is written by filling in a form. */
export interface WafRuleTemplate {
  readonly id: string
  readonly name: string
  readonly says: string
  readonly fields: readonly TemplateField[]
}

type Values = Readonly<Record<string, string>>

interface Definition extends WafRuleTemplate {
  /** Bodies for `POST /api/waf-rules`. */
  readonly make: (values: Values) => readonly object[]
}

const definitions: readonly Definition[] = [
  {
    id: 'block-user-agent',
    name: 'Block a user agent',
    says: 'Stops requests with exactly this user agent, everywhere or on one route',
    fields: [
      field('userAgent', 'the whole user agent, letter by letter'),
      field('pathPattern', 'only on this path, such as /login', { required: false }),
    ],
    make: ({ userAgent = '', pathPattern = '' }) => [
      {
        name: `Block the user agent ${userAgent.slice(0, 150)}`,
        routes: pathPattern === '' ? [] : [{ pathPattern }],
        rule: {
          tags: { type: 'block_user_agent', category: 'attack_attempt' },
          conditions: [
            {
              operator: 'exact_match',
              parameters: {
                inputs: [{ address: 'server.request.headers.no_cookies', key_path: ['user-agent'] }],
                list: [userAgent],
              },
            },
          ],
        },
      },
    ],
  },
  {
    id: 'tag-login',
    name: 'Report logins without code',
    says: 'Reports the logins of a service that calls no SDK: by the route, the field with the login, and the status of the reply',
    fields: [
      field('pathPattern', 'the path of the login, such as /login'),
      field('method', 'its method', { standard: 'POST' }),
      field('loginField', 'where the login stands in the body: names joined by dots', { standard: 'username' }),
      field('successStatus', 'statuses of a login that succeeded, joined by commas', { standard: '200,302' }),
      field('failureStatus', 'statuses of a login that failed, joined by commas', { standard: '401,403' }),
      field('service', 'only in this service', { required: false }),
    ],
    make: (values) => [
      tagRule(eventName.loginSuccess, values['successStatus'] ?? '', values),
      tagRule(eventName.loginFailure, values['failureStatus'] ?? '', values),
    ],
  },
]

/** The templates, as a form needs them. */
export function wafRuleTemplates(): readonly WafRuleTemplate[] {
  return definitions.map(({ make: _make, ...template }) => template)
}

/**
 * The rules that a template makes of these values: drafts, to be looked at, replayed and then added.
 * Throws NOT_FOUND; REQUEST_INVALID with the field that is missing.
 */
export function fillTemplate(id: string, values: Values): readonly object[] {
  const definition = definitions.find((one) => one.id === id)
  if (definition === undefined) throw fail('NOT_FOUND', `a template ${id}`)
  const filled: Record<string, string> = {}
  for (const { name, required, standard } of definition.fields) {
    const value = (Object.hasOwn(values, name) ? values[name] : undefined)?.trim() || standard
    if (value === '' && required) throw fail('REQUEST_INVALID', `values.${name}`, 'is required')
    filled[name] = value
  }
  return definition.make(filled)
}

function tagRule(event: string, statuses: string, values: Values): object {
  const { pathPattern = '', method = '', loginField = '', service = '' } = values
  const accepted = statuses.split(',').map((status) => status.trim())
  if (!accepted.every((status) => /^[1-5]\d\d$/.test(status))) {
    throw fail('REQUEST_INVALID', 'values', `"${statuses}" is no list of statuses such as 401,403`)
  }
  if (!/^[A-Za-z]+$/.test(method)) throw fail('REQUEST_INVALID', 'values.method', `"${method}" is no method`)
  const {
    id: _id,
    name: _name,
    ...rule
  } = loginTagRule({
    id: 'template',
    event,
    uri: routeRegex([pathPattern]),
    method: method.toUpperCase(),
    status: `^(?:${accepted.join('|')})$`,
    login: { from: 'body', keyPath: loginField.split('.') },
  })
  return { name: `Report ${event} on ${pathPattern}`, services: service === '' ? [] : [service], rule }
}

function field(
  name: string,
  says: string,
  { required = true, standard = '' }: { readonly required?: boolean; readonly standard?: string } = {},
): TemplateField {
  return { name, says, required, standard }
}
