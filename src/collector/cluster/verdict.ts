import type { Cluster } from '../../model/cluster.ts'

/** Most of ordinary logins that a cluster may have in it and still be blocked by automation (spec/detection.md 1.6). */
const collateralShare = 0.001
/** More of its addresses with earlier successful logins than this: people whose app broke, or an office. */
const knownIpShare = 0.2
/** With fewer than one success in so many requests, nobody ordinary was among them. */
const waveFactor = 50
const leastPrecision = 0.9
/** Fewer requests than this are not worth a rule by itself. */
const leastRequests = 30

export type Measured = Pick<Cluster, 'requests' | 'precision' | 'knownIpShare' | 'collateral'>

/** Why automation must not block a cluster; null where it may. `problem`: why no rule can be made of it. */
export function whyNotBlock(
  { requests, precision, knownIpShare: known, collateral }: Measured,
  problem: string | null,
): string | null {
  if (problem !== null) return problem
  const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`
  const total = collateral.share > 0 ? collateral.requests / collateral.share : 0
  // Requests that hardly ever succeed are an earlier wave of the same, not people.
  const isWave = waveFactor * collateral.successfulLogins < collateral.requests
  if (!isWave && collateral.successfulLogins > collateralShare * total) {
    return `it would have stopped ${collateral.successfulLogins} successful logins of ${collateral.users} users in ${collateral.days} days`
  }
  if (!isWave && collateral.share > collateralShare) {
    return `it would have stopped ${percent(collateral.share)} of all requests in ${collateral.days} days`
  }
  if (known > knownIpShare) {
    return `from ${percent(known)} of its addresses somebody had logged in before: ordinary users are among them`
  }
  if (precision < leastPrecision) return `about ${percent(1 - precision)} of its requests are of ordinary users`
  if (requests < leastRequests) return `it has ${requests} requests only`
  return null
}
