import { campaign, penetrationTest } from './attackers.js'
import { inTimeOrder } from './merge.js'
import { ordinaryTraffic } from './ordinary.js'
import { createPeople } from './people.js'

/**
 * Labelled login traffic of one service, in time order, one event at a time: the same options give the same events.
 * README.md has the fields of an event.
 * @param {{
 *   seed: number, fromMs: number, toMs: number, loginsPerDay?: number, people?: number, failureShare?: number,
 *   resetDayMs?: number, brokenReleaseMs?: number, penetrationTestMs?: number, forgottenJob?: boolean,
 *   campaigns?: { id?: string, name: string, fromMs: number, attempts?: number, overMs?: number, attackShare?: number }[],
 * }} options times are milliseconds since 1970; `campaigns` names some of `attackers.js`
 */
export function createTraffic({ seed, fromMs, toMs, loginsPerDay = 20_000, people: count = 20_000, ...options }) {
  const people = createPeople({ seed, count })
  const loginsPerMinute = loginsPerDay / 1_440
  const streams = [ordinaryTraffic({ seed, people, fromMs, toMs, loginsPerDay, ...options })]
  for (const plan of options.campaigns ?? []) {
    streams.push(campaign({ seed, people, loginsPerMinute, id: plan.name, ...plan }))
  }
  if (options.penetrationTestMs !== undefined) {
    streams.push(penetrationTest({ seed, people, fromMs: options.penetrationTestMs }))
  }
  return inTimeOrder(streams)
}
