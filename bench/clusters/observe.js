const noOutcomes = () => ({ failures: 0, successes: 0 })

/** What the store tells of the events of a baseline: by traits, the failures of bursts capped. */
export function baselineOf(events, fromMs, toMs, parts) {
  const partMs = (toMs - fromMs) / parts
  const byTraits = new Map()
  for (const { atMs, failed, traits } of events) {
    if (atMs < fromMs || atMs >= toMs) continue
    const found = byTraits.get(traits) ?? { ...noOutcomes(), course: new Float64Array(parts) }
    byTraits.set(traits, found)
    if (failed) {
      found.failures++
      found.course[Math.floor((atMs - fromMs) / partMs)]++
    } else found.successes++
  }
  for (const found of byTraits.values()) {
    const most = 3 * found.course.toSorted((a, b) => b - a)[Math.floor(parts / 2)] + 3
    found.usualFailures = found.course.reduce((sum, count) => sum + Math.min(count, most), 0)
  }
  return byTraits
}

/** Observations for the search at `nowMs`: the events so far against a baseline. */
export function observe(events, baseline, nowMs, halfLifeMs) {
  const rows = new Map()
  const row = (traits) => {
    let found = rows.get(traits)
    if (found === undefined) {
      const usual = baseline.get(traits) ?? { ...noOutcomes(), usualFailures: 0 }
      found = { client: traits.client, attack: noOutcomes(), recent: noOutcomes(), baseline: usual }
      rows.set(traits, found)
    }
    return found
  }
  for (const traits of baseline.keys()) row(traits)
  for (const { atMs, failed, traits } of events) {
    if (atMs > nowMs) break
    const { attack, recent } = row(traits)
    const kind = failed ? 'failures' : 'successes'
    attack[kind]++
    recent[kind] += 2 ** ((atMs - nowMs) / halfLifeMs)
  }
  return [...rows.values()]
}
