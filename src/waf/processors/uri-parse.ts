import { isIPv6 } from 'node:net'
import { readText } from '../javascript-value.ts'
import type { Processor } from '../processor.ts'

/**
 * `uri_parse`: a URI (RFC 3986, absolute or beginning with `/`) as `{scheme, userinfo, host, port, path, query,
 * fragment}`; undefined when it is none. Nothing is decoded; parts that are missing are empty, the port 0.
 * Source: spec/waf-rules.md 2.8.
 */
export const uriParse: Processor<'uri_parse'> = {
  name: 'uri_parse',
  inputs: [{ name: 'inputs', required: true, isText: true }],
  regenerates: false,
  generate([inputs]) {
    const text = readText(inputs)
    return text === undefined ? undefined : parseUri(text)
  },
}

const shape = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i
const pathCharacters = /^[a-z0-9._~!$&'()*+,;=:@%/-]*$/i
const queryCharacters = /^[a-z0-9._~!$&'()*+,;=:@%/?[\]-]*$/i
const fragmentCharacters = /^[a-z0-9._~!$&'()*+,;=:@%/?-]*$/i
const userCharacters = /^[a-z0-9._~!$&'()*+,;=:%-]*$/i
const hostCharacters = /^[a-z0-9._~!$&'()*+,;=%-]*$/i
const addressCharacters = /^[0-9a-f:]+$/i

export interface Uri {
  readonly scheme: string
  readonly userinfo: string
  readonly host: string
  readonly port: number
  readonly path: string
  readonly query: Readonly<Record<string, QueryValue | readonly QueryValue[]>>
  readonly fragment: string
}

/** The parts of a URI; undefined when the text is none. */
export function parseUri(text: string): Uri | undefined {
  const [whole, scheme = '', authority, path = '', query = '', fragment = ''] = shape.exec(text) ?? []
  if (whole === undefined) return undefined
  if (scheme === '' && text !== '' && !text.startsWith('/')) return undefined
  if (!pathCharacters.test(path) || !queryCharacters.test(query) || !fragmentCharacters.test(fragment)) return undefined
  const parsed = authority === undefined ? { userinfo: '', host: '', port: 0 } : parseAuthority(authority)
  return parsed === undefined ? undefined : { scheme, ...parsed, path, query: parseQuery(query), fragment }
}

function parseAuthority(authority: string): { userinfo: string; host: string; port: number } | undefined {
  const at = authority.indexOf('@')
  const userinfo = at < 0 ? '' : authority.slice(0, at)
  const [whole, bracketed, name = '', digits = ''] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]*))?$/.exec(authority.slice(at + 1)) ?? []
  if (whole === undefined || !userCharacters.test(userinfo)) return undefined
  if (!(bracketed === undefined ? hostCharacters.test(name) : isAddress(bracketed))) return undefined
  const port = digits === '' ? 0 : Number(digits)
  return port > 65_535 ? undefined : { userinfo, host: bracketed ?? name, port }
}

/** An IPv6 address without a zone and without the dots of an IPv4 one. */
function isAddress(text: string): boolean {
  return addressCharacters.test(text) && isIPv6(text)
}

type QueryValue = string | true

/** A key without `=` is true; `k[]` counts as `k`, and what comes more than once is a list. */
function parseQuery(query: string): Readonly<Record<string, QueryValue | readonly QueryValue[]>> {
  const values = new Map<string, QueryValue[]>()
  for (const part of query === '' ? [] : query.split('&')) {
    const equals = part.indexOf('=')
    const given = equals < 0 ? part : part.slice(0, equals)
    const key = given.endsWith('[]') ? given.slice(0, -2) : given
    if (given === '') continue
    const value = equals < 0 ? true : part.slice(equals + 1)
    const earlier = values.get(key)
    if (earlier === undefined) values.set(key, [value])
    else earlier.push(value)
  }
  const parsed: Record<string, QueryValue | readonly QueryValue[]> = Object.create(null)
  for (const [key, all] of values) parsed[key] = all.length === 1 && all[0] !== undefined ? all[0] : all
  return parsed
}
