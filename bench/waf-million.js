/**
 * The rule engine against the reference (the recommended ruleset under random requests; random rulesets, each with some
 * runs), or against plain RE2, over as many random inputs as asked for, on one core.
 *
 *   node bench/waf-million.js differential|plain|rulesets [--requests 1000000] [--seed 1]
 *
 * The sources and comparisons are those of test/conformance/waf, which judges a few thousand; no build is needed. Another
 * seed gives other inputs, so several runs may share a million. Ends with status 1 at the first input that is judged apart
 * for no known reason, and when fewer than 99.9 % were judged alike, flagged or not.
 */
import { parseArgs } from 'node:util'
import { loadComparisons } from './support/load-comparisons.js'

/** Least share of the inputs that both flag, or neither. */
const LEAST_AGREEMENT = 0.999
const PROGRESS_EVERY_MS = 10_000

const comparisons = await loadComparisons()
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { requests: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const [name = ''] = positionals
const [requests, seed] = [Number(values.requests), Number(values.seed)]
if (!Object.hasOwn(comparisons, name) || !(requests > 0) || !Number.isInteger(seed)) {
  console.error(`node bench/waf-million.js ${Object.keys(comparisons).join('|')} [--requests 1000000] [--seed 1]`)
  process.exit(2)
}

const { next, tally } = comparisons[name](seed)
const started = performance.now()
const percent = (part, whole) => `${((100 * part) / whole).toFixed(3)} %`
let [judged, lastProgress, unexplained] = [0, started, []]
while (judged < requests && unexplained.length === 0) {
  unexplained = next()
  judged += 1
  if (performance.now() - lastProgress < PROGRESS_EVERY_MS) continue
  lastProgress = performance.now()
  const leftSeconds = Math.round(((lastProgress - started) / 1000) * (requests / judged - 1))
  console.error(`${judged} of ${requests}, ${tally.judgedApart} judged apart, about ${leftSeconds} s to go`)
}

const { user, system } = process.cpuUsage()
console.log(`${name}, seed ${seed}: ${judged} in ${Math.round((user + system) / 1e6)} s of CPU time`)
console.log(`  flagged alike, or not     ${judged - tally.judgedApart}  ${percent(judged - tally.judgedApart, judged)}`)
console.log(`  alike in every detail     ${tally.alike}  ${percent(tally.alike, judged)}`)
console.log(`  matches                   ${tally.matches}, of ${tally.seen.size} of ${tally.kinds}`)
for (const [why, times] of [...tally.reasons].sort(([, a], [, b]) => b - a)) console.log(`  apart: ${times} × ${why}`)
console.log(`  unexplained               ${unexplained.length}`)
for (const difference of unexplained) console.log(JSON.stringify({ index: judged - 1, ...difference }))
process.exit(unexplained.length > 0 || tally.judgedApart > judged * (1 - LEAST_AGREEMENT) ? 1 : 0)
