import { fail } from '../../model/error.ts'
import { asName, asObject, asString, asStrings, optionalBoolean, optionalObject } from '../cast.ts'
import type { Json } from '../cast.ts'
import type { AttributeSource, Rule } from '../rule.ts'
import { moduleNamed, moduleOrder } from '../rule.ts'
import { transformerList } from '../transformer-list.ts'
import { checkAction } from './load-scope.ts'
import type { LoadScope } from './load-scope.ts'
import { nearest } from './nearest.ts'
import { parseAnyKeyPath, parseConditions, parseTransformers } from './parse-condition.ts'

/** Reads one item of `rules`, `rules_compat` or `custom_rules`. Source: spec/waf-rules.md 2.2. */
export function parseRule(item: Json, path: string, source: Rule['source'], scope: LoadScope): Rule {
  const id = asString(item['id'], `${path}.id`)
  const name = asString(item['name'], `${path}.name`)
  const tags = parseTags(item['tags'], `${path}.tags`)
  const { type } = tags
  if (type === undefined) throw fail('RULESET_INVALID', `${path}.tags.type`, 'a string is required')
  checkModule(tags['module'], `${path}.tags.module`, scope.warn)
  const conditions = parseConditions(item['conditions'], `${path}.conditions`, item['transformers'], scope)
  if (conditions.length === 0)
    throw fail('RULESET_INVALID', `${path}.conditions`, 'a rule needs at least one condition')
  const output = optionalObject(item['output'], `${path}.output`) ?? {}
  const event = optionalBoolean(output['event'], `${path}.output.event`) ?? true
  const attributes = parseAttributes(output['attributes'], `${path}.output.attributes`, scope)
  if (!event && attributes.length === 0)
    throw fail('RULESET_INVALID', `${path}.output`, 'a rule that makes no event must set an attribute')
  const onMatch = item['on_match'] === undefined ? [] : asStrings(item['on_match'], `${path}.on_match`)
  for (const [index, action] of onMatch.entries()) checkAction(action, `${path}.on_match[${index}]`, scope)
  return {
    id,
    name,
    tags,
    source,
    conditions,
    onMatch,
    enabled: optionalBoolean(item['enabled'], `${path}.enabled`) ?? true,
    keep: optionalBoolean(output['keep'], `${path}.output.keep`) ?? true,
    event,
    attributes,
  }
}

/** Reads tags: strings by name, on an object that knows no prototype. */
export function parseTags(value: unknown, path: string): Record<string, string> {
  const tags: Record<string, string> = Object.create(null)
  for (const [name, item] of Object.entries(asObject(value, path))) tags[name] = asString(item, `${path}.${name}`)
  return tags
}

/** Warns of a module of no known name: rules that name it belong to `waf`. */
export function checkModule(name: string | undefined, path: string, warn: (message: string) => void): void {
  if (name === undefined || name === '' || moduleNamed(name) !== undefined) return
  const near = nearest(name, moduleOrder)
  warn(
    `${path}: unknown module "${name}"${near === undefined ? '' : `; did you mean "${near}"?`} It is treated as "waf"`,
  )
}

function parseAttributes(value: unknown, path: string, scope: LoadScope): AttributeSource[] {
  return Object.entries(optionalObject(value, path) ?? {}).flatMap(([name, item]): AttributeSource[] => {
    const at = `${path}.${name}`
    const attribute = asObject(item, at)
    const literal = attribute['value']
    if (literal !== undefined) {
      if (typeof literal === 'string' || typeof literal === 'number' || typeof literal === 'boolean')
        return [{ name, value: literal }]
      throw fail('RULESET_INVALID', `${at}.value`, 'a string, number or boolean is expected')
    }
    const address = asName(attribute['address'], `${at}.address`)
    const keyPath = parseAnyKeyPath(attribute['key_path'], `${at}.key_path`)
    const secret = keyPath.find((key) => typeof key === 'string' && scope.isSecret(key))
    if (secret !== undefined) {
      scope.warn(`${at}: "${secret}" names a secret; its value is not stored as an attribute`)
      return []
    }
    const { list } = parseTransformers(attribute['transformers'], `${at}.transformers`)
    return [{ name, input: { address, keyPath, source: 'values', transformers: transformerList(list) } }]
  })
}
