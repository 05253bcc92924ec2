import { fingerprintHeaders } from '../../model/header-fingerprint.ts'
import { attribute, type AttributeValue } from '../../model/span-record.ts'
import { derivedAddresses, headerAttribute, storedAddresses } from './rule-inputs.ts'

type Attributes = Readonly<Record<string, AttributeValue>>

/** What is stored of a header of one request; `value` is absent where only its name is. */
export type HeaderState =
  | { readonly state: 'present'; readonly value?: string }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown' }

const namesAttribute = '_dd.portcullis.header_names'
/** A tracer records so many names of a login request; of more, the last are unknown (tracer.md 1.6). */
const maxNames = 50
const presenceAttribute = 'appsec.fingerprint.header.known_headers'
/** The attributes that `headerOf` looks at. */
export function attributesOfHeader(name: string): readonly string[] {
  const lower = name.toLowerCase()
  if (lower === 'user-agent') return [headerAttribute(lower), attribute.userAgent]
  return [headerAttribute(lower), namesAttribute, ...(fingerprintHeaders.includes(lower) ? [presenceAttribute] : [])]
}

/** What a request had in this header, as far as its record says. */
export function headerOf(attributes: Attributes, name: string): HeaderState {
  const lower = name.toLowerCase()
  const value =
    attributes[headerAttribute(lower)] ?? (lower === 'user-agent' ? attributes[attribute.userAgent] : undefined)
  if (value !== undefined) return { state: 'present', value: String(value) }
  // Every tracer records the user agent of every request.
  if (lower === 'user-agent') return { state: 'absent' }
  const names = attributes[namesAttribute]
  if (typeof names === 'string') {
    const all = names.split(',')
    if (all.includes(lower)) return { state: 'present' }
    if (all.length < maxNames) return { state: 'absent' }
  }
  const bit = fingerprintHeaders.indexOf(lower)
  const bits = bit < 0 ? undefined : attributes[presenceAttribute]
  if (typeof bits !== 'string' || bits.length !== fingerprintHeaders.length) return { state: 'unknown' }
  return { state: bits[bit] === '1' ? 'present' : 'absent' }
}

/** The attributes that `addressValue` looks at. */
export function attributesOfAddress(address: string): readonly string[] {
  if (address === derivedAddresses.uri || address === derivedAddresses.query) return [attribute.url, attribute.route]
  if (address.startsWith(derivedAddresses.businessLogic)) return [attribute.activity]
  return storedAddresses.get(address) ?? []
}

/** The value of an address other than the headers; undefined where the request did not have it. */
export function addressValue(attributes: Attributes, address: string): unknown {
  if (address === derivedAddresses.uri) return uriOf(attributes)
  if (address === derivedAddresses.query) return queryOf(uriOf(attributes))
  if (address.startsWith(derivedAddresses.businessLogic)) {
    const activity = `business_logic.${address.slice(derivedAddresses.businessLogic.length)}`
    return [attributes[attribute.activity]].flat().includes(activity) ? null : undefined
  }
  for (const name of storedAddresses.get(address) ?? []) {
    const value = attributes[name]
    if (value !== undefined) return String(value)
  }
  return undefined
}

/** Path and query of the request; of a compact record, which has no URL, its route. */
function uriOf(attributes: Attributes): string | undefined {
  const url = attributes[attribute.url]
  if (typeof url !== 'string') return attributes[attribute.route] as string | undefined
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/is.exec(url)?.[1] ?? url
  return path.startsWith('/') ? path : `/${path}`
}

function queryOf(uri: string | undefined): Readonly<Record<string, readonly string[]>> | undefined {
  const start = uri?.indexOf('?') ?? -1
  if (uri === undefined || start < 0) return undefined
  const query = Object.create(null) as Record<string, string[]>
  for (const [name, value] of new URLSearchParams(uri.slice(start + 1))) {
    const values = query[name]
    if (values === undefined) query[name] = [value]
    else values.push(value)
  }
  return query
}
