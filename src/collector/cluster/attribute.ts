import type { ClusterAttribute } from '../../model/cluster.ts'
import { headerNamesTag } from '../../model/client-traits.ts'
import { fail } from '../../model/error.ts'
import { requestHeaderPrefix } from '../../model/tags.ts'
import { bareName, term } from '../campaign.ts'
import type { Trait } from './trait.ts'
import { traitAttribute } from './trait.ts'
import { escapeRegex, productOfRegex, productRegex, shapeOfRegex, shapeRegex } from './user-agent.ts'

/** A trait as people and programs read it. */
export function attributeOf(trait: Trait): ClusterAttribute {
  const attribute = `@${trait.attribute}`
  switch (trait.kind) {
    case 'value':
      return { attribute, value: trait.value, absent: false, regex: `^${escapeRegex(trait.value)}$` }
    case 'shape':
      return { attribute, value: null, absent: false, regex: shapeRegex(trait.value) }
    case 'product':
      return { attribute, value: null, absent: false, regex: productRegex(trait.value) }
    default:
      return { attribute, value: null, absent: trait.kind === 'absent', regex: null }
  }
}

/**
 * The trait that an attribute stands for. A regex is taken where it is one that `attributeOf` gives. Throws
 * REQUEST_INVALID at `path`.
 */
export function traitOf({ attribute, value, absent, regex }: ClusterAttribute, path: string): Trait {
  if (!/^@[^\s:]{1,300}$/.test(attribute)) {
    throw fail('REQUEST_INVALID', `${path}.attribute`, 'a facet such as @http.useragent is expected')
  }
  const name = bareName(attribute)
  if (absent) return { kind: 'absent', attribute: name }
  if (value !== null) return { kind: 'value', attribute: name, value }
  if (regex === null) return { kind: 'present', attribute: name }
  const shape = shapeOfRegex(regex)
  const product = productOfRegex(regex)
  if (name === traitAttribute.userAgent && shape !== undefined) return { kind: 'shape', attribute: name, value: shape }
  if (name === traitAttribute.userAgent && product !== undefined) {
    return { kind: 'product', attribute: name, value: product }
  }
  throw fail('REQUEST_INVALID', `${path}.regex`, 'a regex is taken only as a cluster gave it; name a value instead')
}

/** Headers whose values our tracer records on every login (spec/tracer.md 1.6): where there is none, there was no header. */
const recordedHeaders =
  /^(?:accept.*|sec-.*|origin|content-type|x-requested-with|dnt|upgrade-insecure-requests|priority|cache-control|pragma|te)$/

/** The explorer query of the requests that have all of these, of a service's or whatever `scope` says. */
export function clusterQuery(traits: readonly Trait[], scope: string): string {
  // What is looked up in a column of its own comes first.
  const terms = traits
    .map(traitQuery)
    .sort((a, b) => Number(a.includes(headerNamesTag)) - Number(b.includes(headerNamesTag)))
  return [...(scope === '' ? [] : [scope]), ...terms].join(' ')
}

function traitQuery(trait: Trait): string {
  const facet = `@${trait.attribute}`
  switch (trait.kind) {
    case 'value':
      return term(facet, trait.value)
    case 'shape':
      return `${facet}:${trait.value.split('#').map(escapeGlob).join('*')}`
    case 'product':
      return `(${facet}:${escapeGlob(`${trait.value}/`)}* OR ${facet}:*${escapeGlob(` ${trait.value}/`)}*)`
    default: {
      const header = trait.attribute.startsWith(requestHeaderPrefix)
        ? trait.attribute.slice(requestHeaderPrefix.length)
        : undefined
      const isRecorded = header === undefined || recordedHeaders.test(header)
      if (trait.kind === 'present') return isRecorded ? `${facet}:*` : namedHeader(header)
      return isRecorded ? `-${facet}:*` : `@${headerNamesTag}:* -${namedHeader(header)}`
    }
  }
}

function namedHeader(header: string): string {
  const name = escapeGlob(header)
  return `@${headerNamesTag}:(${name} OR ${name},* OR *,${name} OR *,${name},*)`
}

/** Text in a query value with wildcards, standing for itself. */
function escapeGlob(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.,-]/gu, String.raw`\$&`)
}
