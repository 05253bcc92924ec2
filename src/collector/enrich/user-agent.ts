import { UAParser } from 'ua-parser-js'
import type { Attributes } from './events.ts'
import { Recent } from './recent.ts'

/** Longer texts are no browser's; parsing takes time by length. */
const maxLength = 512
const maxCached = 10_000

/** `@http.useragent_details.*` of a user agent; the last ones seen are remembered. */
export function createUserAgentReader(): (userAgent: string) => Attributes {
  const cache = new Recent<string, Attributes>(maxCached)
  return (userAgent) => cache.get(userAgent.slice(0, maxLength), parse)
}

function parse(userAgent: string): Attributes {
  const { browser, os, device } = new UAParser(userAgent).getResult()
  const details = {
    'browser.family': browser.name,
    'browser.version': browser.version,
    'os.family': os.name,
    'os.version': os.version,
    'device.family': device.model ?? device.type,
    'device.version': device.vendor,
  }
  return Object.fromEntries(
    Object.entries(details)
      .filter((entry): entry is [string, string] => entry[1] !== undefined)
      .map(([name, value]) => [`http.useragent_details.${name}`, value]),
  )
}
