import {
  anyOf,
  anyValue,
  attemptsQuery,
  campaignRange,
  facet,
  loginSuccess,
  preciseClusters,
  signUp,
  successesOf,
  successesQuery,
} from '../campaign.ts'
import type { Campaign } from '../campaign.ts'
import type { Store, TimeRange } from '../store/store.ts'
import { slices, topAll, valuesAtOnce } from '../whole-results.ts'

/** From where and with what somebody has logged in within this time before a campaign is theirs. */
const knownMs = 30 * 86_400_000
/** From this many users on an address is shared, whatever else comes from it (spec/detection.md 1.7). */
const sharedByUsers = 3
/** Who fails on so many accounts guesses: one person's ways to write one login are fewer. */
const guessedAccounts = 3
/** The same for an address that somebody has logged in from: a household has several accounts. */
const guessedAccountsOfKnown = 10
/** So many failures from where nobody ever got in are more than a bad memory (spec/detection.md 1.7). */
const guessesOfStranger = 5
/** The share of the attack that clusters have to cover before what is outside of them counts as ordinary. */
const minCovered = 0.5

/** Who was logged in to by the campaign, and from where. */
type Compromised = readonly { readonly usrLogin: string; readonly ip: string }[]

interface AddressCourse {
  failures: number
  /** Accounts that it failed on. */
  accounts: number
  usersBefore: number
  /** Logins since the campaign began that the attackers did not make. */
  successes: number
}

/** Whether the group itself names an address: then nobody else is in the campaign. */
export function namesAddress({ rule }: Pick<Campaign, 'rule'>): boolean {
  return rule.groupBy.includes(facet.ip)
}

/**
 * Which of the addresses that failed during a campaign look like those of ordinary people, and why: somebody had logged
 * in from them before, or did so meanwhile, or tried from a device of the account's owner, or shares nothing with the
 * attackers where it is known what these share. What guesses many accounts is none of them, unless several people use it.
 */
export async function ordinaryAddresses(
  store: Store,
  campaign: Campaign,
  {
    ips,
    compromised,
    nowMs,
  }: { readonly ips: readonly string[]; readonly compromised: Compromised; readonly nowMs: number },
): Promise<ReadonlyMap<string, string>> {
  const ordinary = new Map<string, string>()
  if (namesAddress(campaign)) return ordinary
  const covered = clusterQuery(campaign)
  for (const some of slices(ips, valuesAtOnce)) {
    const courses = await readCourses(store, campaign, some, compromised, nowMs)
    const open: string[] = []
    for (const [ip, course] of courses) {
      const why = whyOrdinary(course)
      if (why !== undefined) ordinary.set(ip, why)
      else if (!guesses(course)) open.push(ip)
    }
    const clustered =
      covered === undefined ? new Set<string>() : await addressesOf(store, campaign, open, covered.query)
    const rest = open.filter((ip) => !clustered.has(ip))
    const isOutside = covered?.isWhole === true
    const owned = isOutside ? new Set(rest) : await onOwnDevices(store, campaign, courses, rest)
    const why = isOutside
      ? 'it shares nothing with the attackers'
      : 'it tried from devices that the accounts had logged in with before'
    for (const ip of owned) ordinary.set(ip, why)
  }
  return ordinary
}

function whyOrdinary(course: AddressCourse): string | undefined {
  const { usersBefore, successes } = course
  if (usersBefore >= sharedByUsers)
    return `${usersBefore} users had logged in from it in the 30 days before: it is shared`
  if (guesses(course)) return undefined
  if (usersBefore > 0) return 'somebody had logged in from it in the 30 days before'
  return successes > 0 ? 'somebody logged in from it meanwhile, to an account that was not taken over' : undefined
}

function guesses({ failures, accounts, usersBefore, successes }: AddressCourse): boolean {
  if (accounts >= (usersBefore > 0 ? guessedAccountsOfKnown : guessedAccounts)) return failures > 2 * successes
  return usersBefore === 0 && successes === 0 && failures >= guessesOfStranger
}

async function readCourses(
  store: Store,
  campaign: Campaign,
  ips: readonly string[],
  compromised: Compromised,
  nowMs: number,
): Promise<ReadonlyMap<string, AddressCourse>> {
  const range = campaignRange(campaign.signal)
  const from = anyValue(facet.ip, ips)
  const since = { fromMs: range.fromMs, toMs: Math.max(range.toMs, nowMs + 1) }
  // Where what is counted are logins themselves, one more says nothing for the address.
  const countsFailures = Object.hasOwn(campaign.rule.queries, successesQuery)
  const byUsers = [{ cardinality: facet.login }]
  const [failures, before, successes] = await Promise.all([
    topAll(store, `${attemptsQuery(campaign)} ${from}`, range, [facet.ip], byUsers),
    topAll(store, `(${loginSuccess} OR ${signUp}) ${from}`, beforeOf(range), [facet.ip], byUsers),
    countsFailures ? topAll(store, `${successesOf(campaign)} ${from}`, since, [facet.ip, facet.login], []) : [],
  ])
  const courses = new Map<string, AddressCourse>()
  for (const ip of ips) courses.set(ip, { failures: 0, accounts: 0, usersBefore: 0, successes: 0 })
  for (const { group, values } of failures) {
    const course = courses.get(group[facet.ip] ?? '')
    if (course !== undefined) [course.failures = 0, course.accounts = 0] = values
  }
  for (const { group, values } of before) {
    const course = courses.get(group[facet.ip] ?? '')
    // A login that names nobody is somebody's all the same.
    if (course !== undefined) course.usersBefore = Math.max(1, values[1] ?? 0)
  }
  const taken = new Set(compromised.map(({ usrLogin, ip }) => JSON.stringify([ip, usrLogin])))
  for (const { group, values } of successes) {
    const course = courses.get(group[facet.ip] ?? '')
    if (course === undefined || taken.has(JSON.stringify([group[facet.ip], group[facet.login]]))) continue
    course.successes += values[0] ?? 0
  }
  return courses
}

/** The requests of what the attackers share, and whether that is most of the attack; undefined where nothing was found. */
function clusterQuery(campaign: Campaign): { readonly query: string; readonly isWhole: boolean } | undefined {
  const precise = preciseClusters(campaign)
  if (precise.length === 0) return undefined
  const share = precise.reduce((sum, { attackShare }) => sum + attackShare, 0)
  return { query: anyOf(precise.map(({ query }) => query)), isWhole: share >= minCovered }
}

/** Those of the addresses with an attempt that a query finds. */
async function addressesOf(
  store: Store,
  campaign: Campaign,
  ips: readonly string[],
  query: string,
): Promise<ReadonlySet<string>> {
  if (ips.length === 0) return new Set()
  const attempts = `${attemptsQuery(campaign)} ${query} ${anyValue(facet.ip, ips)}`
  const rows = await topAll(store, attempts, campaignRange(campaign.signal), [facet.ip], [])
  return new Set(rows.map(({ group }) => group[facet.ip] ?? ''))
}

const agentOf = [facet.login, facet.userAgent]
/** Only our own tracer records the order of the headers. */
const deviceOf = [...agentOf, facet.headerOrder]

/** Those of the addresses all of whose attempts look like devices with which their accounts had logged in. */
async function onOwnDevices(
  store: Store,
  campaign: Campaign,
  courses: ReadonlyMap<string, AddressCourse>,
  ips: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ips.length === 0 || !Object.hasOwn(campaign.rule.queries, successesQuery)) return new Set()
  const range = campaignRange(campaign.signal)
  const attempts = `${attemptsQuery(campaign)} ${anyValue(facet.ip, ips)}`
  const [byAgent, byDevice] = await Promise.all([
    topAll(store, attempts, range, [facet.ip, ...agentOf], []),
    topAll(store, attempts, range, [facet.ip, ...deviceOf], []),
  ])
  const agents = new Set<string>()
  const devices = new Set<string>()
  const withOrder = new Set<string>()
  for (const logins of slices([...new Set(byAgent.map(({ group }) => group[facet.login] ?? ''))], valuesAtOnce)) {
    const query = `${loginSuccess} ${anyValue(facet.login, logins)}`
    for (const { group } of await topAll(store, query, beforeOf(range), agentOf, [])) agents.add(keyOf(group, agentOf))
    for (const { group } of await topAll(store, query, beforeOf(range), deviceOf, [])) {
      devices.add(keyOf(group, deviceOf))
      withOrder.add(keyOf(group, agentOf))
    }
  }
  const known = new Map<string, number>()
  const add = (ip: string, count: number): void => void known.set(ip, (known.get(ip) ?? 0) + count)
  for (const { group, values } of byAgent) {
    if (agents.has(keyOf(group, agentOf))) add(group[facet.ip] ?? '', values[0] ?? 0)
  }
  for (const { group, values } of byDevice) {
    const isOther = withOrder.has(keyOf(group, agentOf)) && !devices.has(keyOf(group, deviceOf))
    if (isOther) add(group[facet.ip] ?? '', -(values[0] ?? 0))
  }
  return new Set(ips.filter((ip) => (known.get(ip) ?? 0) > 0 && known.get(ip) === courses.get(ip)?.failures))
}

function keyOf(group: Readonly<Record<string, string>>, facets: readonly string[]): string {
  return JSON.stringify(facets.map((by) => group[by]))
}

function beforeOf({ fromMs }: TimeRange): TimeRange {
  return { fromMs: fromMs - knownMs, toMs: fromMs }
}
