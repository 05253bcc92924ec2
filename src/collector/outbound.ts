import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { fail } from '../model/error.ts'
import { privateNetworks } from '../net/ip.ts'
import { PrefixSet } from '../net/prefix-set.ts'

/** Addresses that lead to no host of the internet, beside the private ones: this host, multicast, reserved, translated. */
const otherNetworks = [
  '0.0.0.0/8',
  '192.0.0.0/24',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/128',
  'ff00::/8',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
]
const refusedNetworks = PrefixSet.from([...privateNetworks, ...otherNetworks])

export interface OutboundOptions {
  /** `OUTBOUND_ALLOW`: addresses, CIDR blocks and host names that may be called although private, and without TLS. */
  readonly allow: readonly string[]
  /** All addresses of a name; the system's resolver when absent. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
}

export interface OutboundCall {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** For the whole call, the answer's body included. */
  readonly timeoutMs: number
  /** What is read of the answer's body; a longer one is cut and the connection closed. */
  readonly maxAnswerBytes: number
}

export interface OutboundAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** The body was longer than `maxAnswerBytes`. */
  readonly cut: boolean
}

/** Calls that the collector makes to addresses an admin has set (spec/collector.md 1). */
export interface Outbound {
  /** Throws OUTBOUND_REFUSED for an address that would never be called; the name is not resolved. */
  check(url: string): void
  /**
   * One call: the name resolved once and the connection pinned to what was checked; redirects are answers, not followed.
   * Rejects with OUTBOUND_REFUSED, or with the error of the connection.
   */
  call(call: OutboundCall): Promise<OutboundAnswer>
}

export function createOutbound({ allow, resolve = resolveAll }: OutboundOptions): Outbound {
  const names = new Set<string>()
  const allowed = PrefixSet.from(allow, (item) => void names.add(item.toLowerCase()))

  function read(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined
    // Never the whole address in a message: the path of a webhook is its secret.
    if (url === undefined) throw fail('OUTBOUND_REFUSED', 'the address', 'it is not a URL')
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw fail('OUTBOUND_REFUSED', url.protocol, 'only https is')
    }
    if (url.username !== '' || url.password !== '') {
      throw fail('OUTBOUND_REFUSED', url.origin, 'put credentials into a header, not into the address')
    }
    const host = hostOf(url)
    if (isIP(host) !== 0) checkAddress(url, host)
    else if (url.protocol === 'http:' && allow.length === 0) refuseHttp(url)
    return url
  }

  function checkAddress(url: URL, address: string): void {
    if (allowed.has(address) || names.has(hostOf(url))) return
    if (refusedNetworks.has(address)) {
      throw fail('OUTBOUND_REFUSED', url.origin, `${address} is not a public address; OUTBOUND_ALLOW can allow it`)
    }
    if (url.protocol === 'http:') refuseHttp(url)
  }

  return {
    check: (url) => void read(url),
    async call({ url: text, method, headers, body, timeoutMs, maxAnswerBytes }) {
      const url = read(text)
      const host = hostOf(url)
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        const addresses = isIP(host) === 0 ? await Promise.race([resolve(host), aborted(signal)]) : [host]
        const [address] = addresses
        if (address === undefined) throw fail('OUTBOUND_REFUSED', url.origin, 'the name has no address')
        for (const each of addresses) checkAddress(url, each)
        const request = (url.protocol === 'https:' ? requestHttps : requestHttp)({
          host: address,
          servername: isIP(host) === 0 ? host : '',
          port: url.port === '' ? undefined : Number(url.port),
          path: `${url.pathname}${url.search}`,
          method,
          headers: {
            ...headers,
            host: url.host,
            ...(body === undefined ? {} : { 'content-length': byteLength(body) }),
          },
          signal,
          agent: false,
        })
        // What fails after the answer began is seen by whoever reads the answer.
        request.on('error', () => {})
        request.end(body)
        const [answer] = (await once(request, 'response')) as [IncomingMessage]
        return await readAnswer(answer, maxAnswerBytes)
      } catch (error) {
        throw signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error
      }
    },
  }
}

function refuseHttp(url: URL): never {
  throw fail('OUTBOUND_REFUSED', url.origin, 'it is not https; OUTBOUND_ALLOW can allow it')
}

/** The host of a URL, an IPv6 address without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
}

function byteLength(body: string): string {
  return String(Buffer.byteLength(body))
}

async function resolveAll(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

async function aborted(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  throw signal.reason
}

async function readAnswer(answer: IncomingMessage, maxBytes: number): Promise<OutboundAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > maxBytes) break
  }
  const { statusCode: status = 0, headers } = answer
  return { status, headers, body: Buffer.concat(chunks).subarray(0, maxBytes), cut: length > maxBytes }
}
