import { toRecord } from '../../dist/collector/enrich/to-record.js'
import { createUserAgentReader } from '../../dist/collector/enrich/user-agent.js'
import { clientTraits, decodeClientTraits, encodeClientTraits } from '../../dist/model/client-traits.js'
import { toSpan } from '../../dist/tracer/finished-span.js'
import { campaign } from '../traffic/attackers.js'
import { ordinaryTraffic } from '../traffic/ordinary.js'
import { createPeople } from '../traffic/people.js'
import { randomFor } from '../traffic/random.js'
import { createTracedService } from '../traffic/to-span.js'

/**
 * Labelled traffic as the search for clusters sees it. `make` turns an event of the generator into
 * `{ atMs, failed, ip, label, traits, userAgent }`; the traits are those of the record that the collector makes of the
 * span that our tracer ships. Requests that differ only in what no trait has (device id, cookie, length) share a span.
 */
export function createReader() {
  const service = createTracedService({})
  const userAgent = createUserAgentReader()
  const known = new Map()
  const texts = new Map()
  const make = (event) => {
    const key = event.headers
      .map(([name, value]) => (private_.has(name.toLowerCase()) ? name : `${name}:${value}`))
      .join('\n')
    let found = known.get(key)
    if (found === undefined) {
      const { attributes } = toRecord(toSpan(service.toSpan(event)), { userAgent, network: () => ({}) })
      const text = encodeClientTraits(clientTraits(attributes))
      const traits = texts.get(text) ?? { text, client: decodeClientTraits(text) }
      texts.set(text, traits)
      found = { traits, userAgent: attributes['http.useragent'] }
      if (known.size < 100_000) known.set(key, found)
    }
    return { atMs: event.atMs, failed: event.outcome === 'failure', ip: event.ip, label: event.tool ?? null, ...found }
  }
  return { make, stop: () => service.stop() }
}

const private_ = new Set(['x-device-id', 'cookie', 'content-length'])

/** Ordinary logins of a service from `fromMs` on. */
export function* ordinary({ reader, seed, fromMs, toMs, loginsPerDay, ...options }) {
  const people = createPeople({ seed, count: loginsPerDay })
  for (const event of ordinaryTraffic({ seed, people, fromMs, toMs, loginsPerDay, ...options }))
    yield reader.make(event)
}

/**
 * An attack among ordinary logins, in time order: the attack makes up `share` of all. The ordinary ones are drawn from
 * `pool`, so that a service can be as busy as the attack needs; `perMinute` of them a minute.
 */
export function attackAmong({ reader, seed, fromMs, name, attempts, share, pool, perMinute }) {
  const people = createPeople({ seed, count: 20_000 })
  const random = randomFor(seed, `among ${name} ${attempts} ${share}`)
  const plan = { seed, people, id: name, name, fromMs, attempts, attackShare: share, loginsPerMinute: perMinute }
  const attack = Array.from(campaign(plan), (event) => reader.make(event))
  const endMs = attack.at(-1).atMs
  const count = Math.round((attempts * (1 - share)) / share)
  const others = Array.from({ length: count }, () => ({
    ...pool[random.below(pool.length)],
    atMs: fromMs + random.next() * (endMs - fromMs),
  }))
  return [...attack, ...others].sort((a, b) => a.atMs - b.atMs)
}

/** The event as a Datadog tracer would show it: no names of headers, no order, and few values. */
export function withLess(event) {
  const { client } = event.traits
  let less = lessOf.get(client)
  if (less === undefined) {
    const values = Object.fromEntries(Object.entries(client.values).filter(([name]) => !onlyOurs.test(name)))
    less = { client: { values, names: null } }
    const key = JSON.stringify(values)
    less = lessByText.get(key) ?? less
    lessByText.set(key, less)
    lessOf.set(client, less)
  }
  return { ...event, traits: less }
}

const lessOf = new Map()
const lessByText = new Map()
const onlyOurs =
  /header\.order$|^http\.request\.headers\.(?!(?:accept|content-type|host|accept-encoding|accept-language|content-encoding|content-language)$)/
