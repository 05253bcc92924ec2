/**
 * What is done without clusters. Each is told of events in time order and says of the next whether it would have stopped
 * it; `decide` is called where clusters would be looked for again. Nothing is known of the labels.
 */

/** Blocks the user agent whose failures exceed the baseline most. */
export function topUserAgent(baseline) {
  return topValue(baseline, ({ userAgent }) => userAgent)
}

/** Blocks the pair of user agent and network whose failures exceed the baseline most; the first octet stands for the ASN. */
export function topUserAgentAndNetwork(baseline) {
  return topValue(baseline, ({ userAgent, ip }) => `${userAgent} ${ip.slice(0, ip.search(/[.:]/))}`)
}

function topValue({ events, share }, valueOf) {
  const usual = countFailures(events, valueOf)
  const seen = new Map()
  let worst
  return {
    stops: (event) => valueOf(event) === worst,
    tell: (event) => event.failed && seen.set(valueOf(event), (seen.get(valueOf(event)) ?? 0) + 1),
    decide(lengthMs) {
      const excess = ([value, count]) => count - (usual.get(value) ?? 0) * share(lengthMs)
      worst = [...seen].sort((a, b) => excess(b) - excess(a))[0]?.[0]
    },
  }
}

function countFailures(events, valueOf) {
  const counts = new Map()
  for (const event of events) if (event.failed) counts.set(valueOf(event), (counts.get(valueOf(event)) ?? 0) + 1)
  return counts
}

/** Blocks an address at its fifth failure within ten minutes, as fail2ban does unless told otherwise, here for good. */
export function perAddress() {
  const failures = new Map()
  const blocked = new Set()
  return {
    stops: ({ ip }) => blocked.has(ip),
    tell({ ip, failed, atMs }) {
      if (!failed) return
      const recent = [...(failures.get(ip) ?? []), atMs].filter((at) => at > atMs - 600_000)
      failures.set(ip, recent)
      if (recent.length >= 5) blocked.add(ip)
    },
    decide() {},
  }
}
