import type { DetectionRule } from '../../model/detection-rule.ts'
import type { Changes, RuleVersion } from '../state/state.ts'
import { ruleOrThrow } from './check-rule.ts'
import accountDeletionsByIp from './rules/account-deletions-by-ip.json' with { type: 'json' }
import bruteForce from './rules/brute-force.json' with { type: 'json' }
import bruteForceDay from './rules/brute-force-day.json' with { type: 'json' }
import bruteForceMonth from './rules/brute-force-month.json' with { type: 'json' }
import bruteForceWeek from './rules/brute-force-week.json' with { type: 'json' }
import credentialStuffing from './rules/credential-stuffing.json' with { type: 'json' }
import credentialStuffingDay from './rules/credential-stuffing-day.json' with { type: 'json' }
import credentialStuffingMonth from './rules/credential-stuffing-month.json' with { type: 'json' }
import credentialStuffingWeek from './rules/credential-stuffing-week.json' with { type: 'json' }
import dictionary from './rules/dictionary.json' with { type: 'json' }
import disposableEmail from './rules/disposable-email.json' with { type: 'json' }
import distributedCredentialStuffing from './rules/distributed-credential-stuffing.json' with { type: 'json' }
import distributedCredentialStuffingDay from './rules/distributed-credential-stuffing-day.json' with { type: 'json' }
import distributedCredentialStuffingHour from './rules/distributed-credential-stuffing-hour.json' with { type: 'json' }
import distributedCredentialStuffingTool from './rules/distributed-credential-stuffing-tool.json' with { type: 'json' }
import distributedCredentialStuffingUsers from './rules/distributed-credential-stuffing-users.json' with { type: 'json' }
import impossibleTravel from './rules/impossible-travel.json' with { type: 'json' }
import loginFromThreatIntel from './rules/login-from-threat-intel.json' with { type: 'json' }
import newCountry from './rules/new-country.json' with { type: 'json' }
import passwordResetByIp from './rules/password-reset-by-ip.json' with { type: 'json' }
import passwordResetOfUser from './rules/password-reset-of-user.json' with { type: 'json' }
import paymentFailuresByIp from './rules/payment-failures-by-ip.json' with { type: 'json' }
import sensitiveActivityByIp from './rules/sensitive-activity-by-ip.json' with { type: 'json' }
import sensitiveActivityUnnamedByIp from './rules/sensitive-activity-unnamed-by-ip.json' with { type: 'json' }
import signupsByIp from './rules/signups-by-ip.json' with { type: 'json' }

/** The rules that ship, each documented in the Markdown file beside it. */
const documents: readonly unknown[] = [
  accountDeletionsByIp,
  bruteForce,
  bruteForceDay,
  bruteForceMonth,
  bruteForceWeek,
  credentialStuffing,
  credentialStuffingDay,
  credentialStuffingMonth,
  credentialStuffingWeek,
  dictionary,
  disposableEmail,
  distributedCredentialStuffing,
  distributedCredentialStuffingDay,
  distributedCredentialStuffingHour,
  distributedCredentialStuffingTool,
  distributedCredentialStuffingUsers,
  impossibleTravel,
  loginFromThreatIntel,
  newCountry,
  passwordResetByIp,
  passwordResetOfUser,
  paymentFailuresByIp,
  sensitiveActivityByIp,
  sensitiveActivityUnnamedByIp,
  signupsByIp,
]

export function shippedRules(): readonly DetectionRule[] {
  return documents.map(ruleOrThrow)
}

const author = 'portcullis'

/**
 * What to commit at start so that the shipped rules are there: a rule that is missing or that nobody has edited gets
 * the version of this release; one that somebody edited or deleted is left alone.
 */
export function seedRules(
  shipped: readonly DetectionRule[],
  newestVersions: ReadonlyMap<string, RuleVersion>,
  at: string,
): Changes {
  const rules = shipped.flatMap((rule): readonly RuleVersion[] => {
    const newest = newestVersions.get(rule.id)
    if (newest === undefined) return [{ rule: { ...rule, version: 1 }, at, by: author, deleted: false }]
    if (newest.by !== author) return []
    const { version } = newest.rule
    const isSame = JSON.stringify({ ...rule, version }) === JSON.stringify({ ...newest.rule, version })
    return isSame ? [] : [{ rule: { ...rule, version: version + 1 }, at, by: author, deleted: false }]
  })
  return rules.length === 0 ? {} : { rules }
}
