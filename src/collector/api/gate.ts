import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { fail } from '../../model/error.ts'
import { PrefixSet } from '../../net/prefix-set.ts'

const loopback = PrefixSet.from(['127.0.0.0/8', '::1'])

/** Whether an address is of this machine only. */
export function isLoopback(ip: string): boolean {
  return loopback.has(ip)
}

/**
 * Refuses names that are not ours, so that a web page cannot reach a listener through a name it controls.
 * Addresses, localhost and the configured names pass. Throws FORBIDDEN.
 */
export function checkHost(host: string | undefined, names: readonly string[]): void {
  const name = (host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  if (isIP(name) !== 0 || name === 'localhost' || names.some((own) => own.toLowerCase() === name)) return
  throw fail('FORBIDDEN', 'the Host header names another server; add the name to ALLOWED_HOSTS if it is this one')
}

/** What every browser sends and no program does; `sec-fetch-mode` is left out, since Node's own fetch sends it. */
const browserHeaders = ['origin', 'sec-fetch-site', 'sec-fetch-dest'] as const

/** Refuses requests that a web page made: tracers are programs. Throws FORBIDDEN. */
export function checkNotBrowser(headers: IncomingHttpHeaders): void {
  if (browserHeaders.some((name) => headers[name] !== undefined)) {
    throw fail('FORBIDDEN', 'this listener is for tracers, not for web pages')
  }
}
