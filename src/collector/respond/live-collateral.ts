import type { Clock } from '../../model/clock.ts'
import type { ManagedWafRule } from '../../model/waf-rule.ts'
import { anyOf, anyValue, blockedRequests, facet, loginSuccess } from '../campaign.ts'
import type { State } from '../state/state.ts'
import { repeat } from '../repeat.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { countsBy, topAll } from '../whole-results.ts'
import { isInForce, wireRuleIds } from '../wire-rule.ts'
import type { WafRules } from './waf-rules.ts'

/** How often the rules in force are looked at. */
const everyMs = 15_000
/** Who had a success in this time before the attack is no attacker. */
const ownBeforeMs = 30 * 86_400_000
const longestMs = 7 * 86_400_000

/** By what a blocked request is known again: it never reached the login, so it names no account by itself. */
const identities = [facet.ip, '@usr.id', '@appsec.fingerprint.session.session_hash'] as const

/** What a rule did to ordinary people since it is as it is. */
interface LiveCollateral {
  /** Requests that the rule matched; while blocking, those that it stopped. */
  readonly matched: number
  /** While monitoring, successful logins among them; while blocking, those of somebody who had logged in before. */
  readonly ordinary: number
}

/** Reads what a rule that answers an attack did since it is in its mode. */
async function readLiveCollateral(
  store: Store,
  rule: ManagedWafRule,
  onsetMs: number,
  nowMs: number,
): Promise<LiveCollateral> {
  const range = { fromMs: Math.max(Date.parse(rule.inModeSince), nowMs - longestMs), toMs: nowMs + 1 }
  const matches = anyValue('@appsec.rules', wireRuleIds(rule))
  const total = async (query: string): Promise<number> => (await topAll(store, query, range, [], []))[0]?.values[0] ?? 0
  if (rule.mode === 'monitoring') {
    const [matched, ordinary] = await Promise.all([total(matches), total(`${matches} ${loginSuccess}`)])
    return { matched, ordinary }
  }
  const stopped = `${matches} ${blockedRequests}`
  const before: TimeRange = { fromMs: onsetMs - ownBeforeMs, toMs: onsetMs }
  const known: string[] = []
  for (const by of identities) {
    const values = (await topAll(store, stopped, range, [by], [])).map(({ group }) => group[by] ?? '')
    const own = await countsBy(store, loginSuccess, before, by, values)
    if (own.size > 0) known.push(anyValue(by, [...own.keys()].slice(0, maxNamed)))
  }
  const [matched, ordinary] = await Promise.all([
    total(stopped),
    known.length === 0 ? 0 : total(`${stopped} ${anyOf(known)}`),
  ])
  return { matched, ordinary }
}

/** Identities of one kind that are counted; a bound is passed long before. */
const maxNamed = 1_000

/**
 * Takes rules that answer an attack back once they do more to ordinary people than their bound allows. Rules that a
 * person wrote for another purpose, such as to report logins, match ordinary people by design and are left alone.
 */
export function guardCollateral({
  store,
  state,
  wafRules,
  clock,
  onError,
}: {
  readonly store: Store
  readonly state: State
  readonly wafRules: WafRules
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}): { look(): Promise<void>; stop(): Promise<void> } {
  async function look(): Promise<void> {
    for (const rule of wafRules.list()) {
      const { signalId, clusterId } = rule.origin
      if ((signalId === null && clusterId === null) || !isInForce(rule, clock.nowMs())) continue
      const signal = signalId === null ? null : await state.signal(signalId)
      const onsetMs = Date.parse(signal?.firstSeen ?? rule.createdAt)
      const { matched, ordinary } = await readLiveCollateral(store, rule, onsetMs, clock.nowMs())
      const { logins, share } = rule.collateral
      if (ordinary <= logins || ordinary <= share * matched) continue
      const why =
        rule.mode === 'monitoring'
          ? `${ordinary} of ${matched} requests that it matched ended in a successful login`
          : `${ordinary} of ${matched} requests that it stopped came from somebody who had logged in before the attack`
      await wafRules.rollBack(rule.id, rule.version, `${why} (at most ${logins} and ${share * 100} % are allowed)`)
    }
  }

  return { look, ...repeat(look, { clock, everyMs, firstAfterMs: everyMs, onError }) }
}
