import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import type { Point, Series, Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Chart } from '../../design/chart.tsx'
import { now } from '../../design/time.tsx'
import { Card, View } from '../../design/view.tsx'
import { parameter, setParameters } from '../../shell/address.ts'
import { courseQueries, courseRange } from './signal-words.ts'

const kinds = [
  ['successes', 'Successful', '--success'],
  ['failures', 'Failed', '--failure'],
  ['blocked', 'Blocked', '--blocked'],
] as const

/** The course of the attack: failures, successes and what was blocked, its onset and the first block marked. */
export function Course({ signal }: { readonly signal: Signal }): JSX.Element {
  const zoomFrom = parameter('from')
  const zoomTo = parameter('to')
  const { fromMs, toMs } = courseRange(signal, now.value)
  const range = zoomFrom === '' ? { from: fromMs, to: toMs } : { from: zoomFrom, to: zoomTo || 'now' }
  const course = useData<readonly (readonly Point[])[]>({
    key: ['signals', 'course', signal.id, range.from, signal.lastSeen, zoomTo],
    load: async (abort) => {
      const queries = courseQueries(signal)
      const all = await Promise.all(
        kinds.map(([kind]) => call<Series>('POST', '/api/spans/timeseries', { query: queries[kind], ...range }, abort)),
      )
      return all.map(({ series }) => series[0]?.points ?? [])
    },
  })
  const firstBlock = signal.responses.map(({ at }) => Date.parse(at)).sort((a, b) => a - b)[0]
  const marks = [
    { atMs: Date.parse(signal.firstSeen), says: 'Onset' },
    ...(firstBlock === undefined ? [] : [{ atMs: firstBlock, says: 'Blocked' }]),
  ]
  return (
    <Card
      id="course"
      title="Course of the attack"
      actions={
        zoomFrom === '' ? null : (
          <Button small onPress={() => setParameters({ from: undefined, to: undefined })}>
            Whole attack
          </Button>
        )
      }
    >
      <View data={course}>
        {(points) => (
          <Chart
            label="Logins of the attack"
            height={190}
            series={kinds.map(([, name, color], index) => ({ name, color, points: points[index] ?? [] }))}
            marks={marks}
            onZoom={(from, to) => setParameters({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
          />
        )}
      </View>
    </Card>
  )
}
