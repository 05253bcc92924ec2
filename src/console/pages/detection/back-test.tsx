import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Severity } from '../../../model/detection-rule.ts'
import { severities } from '../../../model/detection-rule.ts'
import { ApiError, call } from '../../api/call.ts'
import type { Point } from '../../api/shapes.ts'
import { SeverityBadge } from '../../design/badges.tsx'
import { Button } from '../../design/button.tsx'
import { Chart } from '../../design/chart.tsx'
import { Note } from '../../design/note.tsx'
import { Raw } from '../../design/raw.tsx'
import { Time } from '../../design/time.tsx'
import { Card, EmptyState } from '../../design/view.tsx'
import { many } from '../../text/figures.ts'
import { timeOf } from '../../text/typed-time.ts'

interface Found {
  readonly group: Readonly<Record<string, string>>
  readonly case: string
  readonly severity: Severity
  readonly firstCrossedAt: string
  readonly targetedUsers: number
  readonly attackingIps: number
  readonly compromisedUsers: number
}

const ranges = [
  ['now-1h', 'the last hour'],
  ['now-24h', 'the last 24 hours'],
  ['now-7d', 'the last 7 days'],
] as const
const buckets = 60
const shown = 20
const colors: Readonly<Record<Severity, string>> = {
  critical: '--category-5',
  high: '--category-2',
  medium: '--category-4',
  low: '--category-1',
  info: '--category-6',
}

/** What the rule, as it stands in the editor, would have signalled in stored traffic, and when. */
export function BackTest({ rule }: { readonly rule: object | undefined }): JSX.Element {
  const [from, setFrom] = useState<string>(ranges[1][0])
  const [result, setResult] = useState<{
    readonly signals: readonly Found[]
    readonly total: number
    readonly fromMs: number
    readonly toMs: number
  }>()
  const [problem, setProblem] = useState<string>()
  const run = async (): Promise<void> => {
    setProblem(undefined)
    try {
      const toMs = Date.now()
      const found = await call<{ signals: readonly Found[]; total: number }>('POST', '/api/detection-rules/test', {
        rule,
        from: timeOf(from, toMs),
        to: toMs,
      })
      setResult({ ...found, fromMs: timeOf(from, toMs), toMs })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setProblem(error.message)
    }
  }
  return (
    <Card
      title="Back-test"
      actions={
        <>
          <select
            class="input"
            aria-label="Stretch of time"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          >
            {ranges.map(([value, says]) => (
              <option key={value} value={value}>
                {says}
              </option>
            ))}
          </select>
          <Button look="primary" icon="play" disabled={rule === undefined} onPress={run}>
            Run
          </Button>
        </>
      }
    >
      <div class="stack tight">
        {problem === undefined ? null : <Note kind="danger">{problem}</Note>}
        {result === undefined ? (
          <p class="muted">Replays stored traffic through the rule as it stands here, saved or not.</p>
        ) : result.signals.length === 0 ? (
          <EmptyState icon="check" title="It would have signalled nothing" />
        ) : (
          <>
            <p>
              Would have raised <b>{many(result.total, 'signal')}</b>.
            </p>
            <Chart
              label="Signals it would have raised"
              height={120}
              series={severities.flatMap((severity) => {
                const own = result.signals.filter((one) => one.severity === severity)
                return own.length === 0
                  ? []
                  : [{ name: severity, color: colors[severity], points: courseOf(own, result) }]
              })}
            />
            <ul class="counted">
              {result.signals.slice(0, shown).map((one, index) => (
                <li key={index}>
                  <span>
                    <SeverityBadge severity={one.severity} /> <Raw text={one.case} max={60} />
                    <br />
                    <span class="muted small">
                      <Raw text={Object.values(one.group).join(', ')} max={100} />: {many(one.targetedUsers, 'user')},{' '}
                      {many(one.attackingIps, 'address', 'addresses')}, {one.compromisedUsers} taken over
                    </span>
                  </span>
                  <span class="muted">
                    <Time at={one.firstCrossedAt} />
                  </span>
                </li>
              ))}
            </ul>
            {result.total <= shown ? null : (
              <p class="muted">and {many(result.total - shown, 'more signal', 'more signals')}</p>
            )}
          </>
        )}
      </div>
    </Card>
  )
}

function courseOf(
  found: readonly Found[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly Point[] {
  const stepMs = (toMs - fromMs) / buckets
  const counts = Array.from({ length: buckets }, () => 0)
  for (const { firstCrossedAt } of found) {
    const at = Math.min(buckets - 1, Math.max(0, Math.floor((Date.parse(firstCrossedAt) - fromMs) / stepMs)))
    counts[at] = (counts[at] ?? 0) + 1
  }
  return counts.map((value, index): Point => [Math.round(fromMs + index * stepMs), value])
}
