/**
 * Rules that others ship, each of which looks at one address alone. `sees` is told of failures in order and says whether
 * the address is caught now. Sources: spec/detection.md 2.1 and 2.5.
 */
export const baselines = {
  'fail2ban 5/600 s': () => {
    const failures = new Map()
    return ({ ip, atMs }) => recent(failures, ip, atMs, 600_000).length >= 5
  },
  'CrowdSec 5, leak 10 s': () => {
    const buckets = new Map()
    return ({ ip, atMs }) => {
      const { level, since } = buckets.get(ip) ?? { level: 0, since: atMs }
      const now = Math.max(0, level - (atMs - since) / 10_000) + 1
      buckets.set(ip, { level: now, since: atMs })
      return now > 5
    }
  },
  'Datadog 30 and 5 users': () => {
    const failures = new Map()
    return ({ ip, atMs, login }) => {
      const of = recent(failures, ip, atMs, 600_000, login)
      return of.length > 30 && new Set(of.map((one) => one.login)).size >= 5
    }
  },
}

function recent(failures, ip, atMs, windowMs, login) {
  const kept = (failures.get(ip) ?? []).filter((one) => one.atMs > atMs - windowMs)
  kept.push({ atMs, login })
  failures.set(ip, kept)
  return kept
}
