import type { AttemptLine } from './traffic.ts'

/** What one run of the demo came to. Times in milliseconds from the first attempt of the attack. */
export interface StoryResult {
  readonly attackAttempts: number
  readonly ordinaryAttempts: number
  /** Attack attempts sent when the first signal was raised; null when none was. */
  readonly detectedAfterAttempts: number | null
  readonly detectedAfterMs: number | null
  /** When the first attempt of the attack was refused with 403; null when none was. */
  readonly enforcedAfterMs: number | null
  /** Share of the attack's attempts that were refused, 0 to 1. */
  readonly attackBlockedShare: number
  /** Attempts of ordinary users that were refused: must be 0. */
  readonly ordinaryBlocked: number
  /** Accounts the attack logged in to, and how many of them the collector names. */
  readonly compromised: { readonly actual: number; readonly found: number }
}

/** Keeps the books of a run: every attempt as the traffic generator saw it, and when the collector spoke. */
export interface Story {
  attempt(line: AttemptLine): void
  /** The collector raised a signal of account takeover. The first one counts. */
  detected(atMs: number): void
  /** Blocked and other attempts of the attack since the last call. */
  lately(): { readonly attempts: number; readonly blocked: number }
  /** The result, given the logins that the collector lists as compromised. */
  result(named: ReadonlySet<string>): StoryResult
}

const blockedStatus = 403

export function createStory(): Story {
  const attack: AttemptLine[] = []
  const ordinary: AttemptLine[] = []
  let detectedMs: number | undefined
  let reported = 0

  return {
    attempt: (line) => void (line.side === 'attack' ? attack : ordinary).push(line),
    detected: (atMs) => void (detectedMs ??= atMs),
    lately() {
      const since = attack.slice(reported)
      reported = attack.length
      return { attempts: since.length, blocked: since.filter(isBlocked).length }
    },
    result(named) {
      const startMs = Math.min(...attack.map(({ sentMs }) => sentMs))
      const blocked = attack.filter(isBlocked)
      const enforcedMs = Math.min(...blocked.map(({ answeredMs }) => answeredMs))
      const actual = new Set(attack.filter(({ status }) => status === 200).map(({ login }) => login))
      const found = [...actual].filter((login) => named.has(login)).length
      return {
        attackAttempts: attack.length,
        ordinaryAttempts: ordinary.length,
        detectedAfterAttempts:
          detectedMs === undefined ? null : attack.filter(({ sentMs }) => sentMs <= (detectedMs ?? 0)).length,
        detectedAfterMs: detectedMs === undefined ? null : detectedMs - startMs,
        enforcedAfterMs: blocked.length === 0 ? null : enforcedMs - startMs,
        attackBlockedShare: attack.length === 0 ? 0 : Math.round((1_000 * blocked.length) / attack.length) / 1_000,
        ordinaryBlocked: ordinary.filter(isBlocked).length,
        compromised: { actual: actual.size, found },
      }
    },
  }
}

/** Whether the run shows what it is meant to: detected, enforced, and no ordinary user hit. */
export function isGood({ detectedAfterMs, enforcedAfterMs, ordinaryBlocked }: StoryResult): boolean {
  return detectedAfterMs !== null && enforcedAfterMs !== null && ordinaryBlocked === 0
}

function isBlocked({ status }: AttemptLine): boolean {
  return status === blockedStatus
}
