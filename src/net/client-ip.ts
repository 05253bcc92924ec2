import type { IpSource } from '../model/tags.ts'
import { formatIp, isPrivateIp, parseIp, readIp } from './ip.ts'
import type { PrefixSet } from './prefix-set.ts'

/** Headers that carry the client's address, in the order in which they are believed (spec/tracer.md 2.5). */
export const clientIpHeaders: readonly string[] = [
  'x-forwarded-for',
  'x-real-ip',
  'true-client-ip',
  'x-client-ip',
  'forwarded',
  'forwarded-for',
  'x-cluster-client-ip',
  'fastly-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
]

/** Headers to which each proxy appends, so that their right end was written by the nearest one. */
const chainHeaders = ['x-forwarded-for', 'forwarded']

const forPattern = /^\s*for=/i

/** Items of one header that are looked at; a chain of more proxies than this is an attempt to cost time. */
const MAX_ITEMS = 100

/** What a connection says of where it comes from. Header names are lower-case, as Node gives them. */
export interface PeerAndHeaders {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** `socket.remoteAddress`; undefined for a unix socket, whose peer is local. */
  readonly socket: string | undefined
}

export interface ClientIpOptions {
  /** The one header to read (`TRACE_CLIENT_IP_HEADER`), lower-case, instead of the usual ones. */
  readonly header?: string | undefined
  /** `TRUSTED_PROXIES`: peers and hops whose word is taken. */
  readonly trusted?: PrefixSet | undefined
}

/** The client's address in canonical text, how far to trust it, and the header it was read from. */
export interface ClientIp {
  readonly ip: string | undefined
  readonly source: IpSource
  readonly header?: string
}

/**
 * Finds the client's address (spec/tracer.md 1.4).
 * With `trusted`: from a trusted peer, `x-forwarded-for`, else `forwarded` (or only the custom header), is walked from
 * the right; the first address outside the set is the client. A hop that names no address ends the walk, since nothing
 * left of it is vouched for. Without: from a private or local peer, the first public address in header order, else the
 * first private one, is *claimed*. In every other case it is the socket's address.
 */
export function clientIp({ headers, socket }: PeerAndHeaders, { header, trusted }: ClientIpOptions = {}): ClientIp {
  const { ip: peer, isPrivate, answer } = socket === undefined ? noPeer : readPeer(socket)
  if (trusted !== undefined) {
    if (peer !== undefined ? !trusted.hasIp(peer) : socket !== undefined) return answer
    return vouched(headers, header === undefined ? chainHeaders : [header], trusted) ?? answer
  }
  if (peer !== undefined ? !isPrivate : socket !== undefined) return answer
  return claimed(headers, header === undefined ? clientIpHeaders : [header]) ?? answer
}

/** What is known of the other end of a connection. */
interface Peer {
  readonly ip: Uint32Array | undefined
  readonly isPrivate: boolean
  /** The client's address where no header is to be believed. */
  readonly answer: ClientIp
}

const noPeer: Peer = { ip: undefined, isPrivate: false, answer: { ip: undefined, source: 'socket' } }
/** Peers remembered: behind a proxy there are few, and reading an address costs more than the rest of this file. */
const MAX_PEERS = 256
const peers = new Map<string, Peer>()

function readPeer(socket: string): Peer {
  const known = peers.get(socket)
  if (known !== undefined) return known
  const ip = parseIp(withoutZone(socket))
  const peer: Peer = {
    ip,
    isPrivate: ip !== undefined && isPrivateIp(ip),
    answer: { ip: ip && formatIp(ip), source: 'socket' },
  }
  if (peers.size >= MAX_PEERS) peers.clear()
  peers.set(socket, peer)
  return peer
}

function vouched(
  headers: PeerAndHeaders['headers'],
  names: readonly string[],
  trusted: PrefixSet,
): ClientIp | undefined {
  const header = names.find((name) => joined(headers[name]) !== '')
  if (header === undefined) return undefined
  let furthest: Uint32Array | undefined
  for (const item of itemsFromRight(headers[header])) {
    const ip = new Uint32Array(4)
    if (!readItem(item, header, ip)) break
    furthest = ip
    if (!trusted.hasIp(ip)) break
  }
  return furthest && { ip: formatIp(furthest), source: 'trusted', header }
}

function claimed(headers: PeerAndHeaders['headers'], names: readonly string[]): ClientIp | undefined {
  let firstPrivate: ClientIp | undefined
  for (const header of names) {
    const value = headers[header]
    if (value === undefined || value === '') continue
    const text = joined(value)
    let start = 0
    for (let count = 0; count < MAX_ITEMS && start <= text.length; count++) {
      const comma = text.indexOf(',', start)
      const end = comma < 0 ? text.length : comma
      if (readItem(text.slice(start, end).trim(), header, scratch)) {
        if (!isPrivateIp(scratch)) return { ip: formatIp(scratch), source: 'claimed', header }
        firstPrivate ??= { ip: formatIp(scratch), source: 'claimed', header }
      }
      start = end + 1
    }
  }
  return firstPrivate
}

/** The address that is being read: one at a time, and the most of what a request without a proxy costs if each has its own. */
const scratch = new Uint32Array(4)

type HeaderValue = string | readonly string[] | undefined

function joined(value: HeaderValue): string {
  return value === undefined ? '' : typeof value === 'string' ? value : value.join(',')
}

function* itemsFromRight(value: HeaderValue): Generator<string> {
  const text = joined(value)
  let end = text.length
  for (let count = 0; count < MAX_ITEMS && end >= 0; count++) {
    const comma = end === 0 ? -1 : text.lastIndexOf(',', end - 1)
    const item = text.slice(comma + 1, end).trim()
    if (item !== '') yield item
    end = comma
  }
}

function readItem(item: string, header: string, into: Uint32Array): boolean {
  return readIp(bareAddress(header === 'forwarded' ? forParameter(item) : item), into)
}

/** The value of `for=` in one element of a `Forwarded` header (RFC 7239 4); some proxies write the address alone. */
function forParameter(element: string): string {
  const pair = element.split(';').find((one) => forPattern.test(one))
  return pair === undefined ? element : pair.slice(pair.indexOf('=') + 1)
}

/** Takes quotes, brackets and a port off: `"[2001:db8::1]:4711"` becomes `2001:db8::1`. */
function bareAddress(text: string): string {
  let bare = text.trim()
  if (bare.startsWith('"') && bare.endsWith('"') && bare.length > 1) bare = bare.slice(1, -1).trim()
  if (bare.startsWith('[')) {
    const close = bare.indexOf(']')
    return close > 0 && (close === bare.length - 1 || bare[close + 1] === ':') ? bare.slice(1, close) : ''
  }
  const colon = bare.indexOf(':')
  return colon > 0 && colon === bare.lastIndexOf(':') && bare.includes('.') ? bare.slice(0, colon) : bare
}

/** Node names the interface of a link-local peer after `%`. */
function withoutZone(address: string): string {
  const percent = address.indexOf('%')
  return percent < 0 ? address : address.slice(0, percent)
}
