import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import { fewAtOnce } from '../../api/few-at-once.ts'
import type { Point, Series, Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Sparkline } from '../../design/chart.tsx'
import { now } from '../../design/time.tsx'
import { courseQueries, courseRange } from './signal-words.ts'

/** A course is a query of its own: those of a list come after what the page itself reads. */
const inTurn = fewAtOnce(2)
/** The list is read again with every event; its courses no oftener than this. */
const readAgainMs = 20_000
const bars = 32

/** The course of a signal in a row of a list: its failed attempts, from before the onset. */
export function SmallCourse({ signal }: { readonly signal: Signal }): JSX.Element {
  const course = useData<readonly number[]>({
    key: ['courses', signal.id, signal.closedAt],
    ...(signal.closedAt === null ? { everyMs: readAgainMs } : {}),
    load: (abort) =>
      inTurn(async () => {
        const { fromMs, toMs } = courseRange(signal, now.value)
        const query = signal.counts['failures'] === undefined ? signal.query : courseQueries(signal).failures
        const range = { from: fromMs, to: toMs }
        const { series } = await call<Series>('POST', '/api/spans/timeseries', { query, ...range }, abort)
        return barsOf(series[0]?.points ?? [], fromMs, toMs)
      }),
  })
  return <Sparkline points={course.data ?? []} color="--failure" />
}

function barsOf(points: readonly Point[], fromMs: number, toMs: number): readonly number[] {
  const heights = Array.from({ length: bars }, () => 0)
  for (const [atMs, value] of points) {
    const bar = Math.min(bars - 1, Math.max(0, Math.floor(((atMs - fromMs) / (toMs - fromMs)) * bars)))
    heights[bar] = (heights[bar] ?? 0) + value
  }
  return heights
}
