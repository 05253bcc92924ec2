import type { JSX } from 'preact'
import type { Cluster } from '../../../model/cluster.ts'
import { call } from '../../api/call.ts'
import type { Point, Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Chart } from '../../design/chart.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { now } from '../../design/time.tsx'
import { Note } from '../../design/note.tsx'
import { View } from '../../design/view.tsx'
import { count, many, percent } from '../../text/figures.ts'
import { Attributes } from './cluster-attributes.tsx'
import { courseRange } from './signal-words.ts'

interface Evaluated {
  readonly course: { readonly points: readonly Point[] }
  readonly collateral: {
    readonly requests: number
    readonly successfulLogins: number
    readonly measuredOn: string
    readonly course: { readonly points: readonly Point[] }
  }
}

interface Isolated {
  readonly all: readonly Point[]
  readonly left: readonly Point[]
  readonly leftShare: number
  readonly outside: { readonly requests: number; readonly successfulLogins: number; readonly users: number }
}

/** A cluster from nearby: its traffic before and during the attack, and what is left of the attack without it. */
export function ClusterDialog(props: {
  readonly signal: Signal
  readonly cluster: Cluster
  readonly onClose: () => void
}): JSX.Element {
  const { signal, cluster, onClose } = props
  const { fromMs, toMs } = courseRange(signal, now.value)
  const range = { from: fromMs, to: toMs }
  const evaluated = useData<Evaluated>({
    key: ['cluster', 'evaluate', cluster.id, signal.lastSeen],
    load: (abort) =>
      call('POST', '/api/clusters/evaluate', { attributes: cluster.attributes, query: signal.query, ...range }, abort),
  })
  const isolated = useData<Isolated>({
    key: ['cluster', 'isolate', cluster.id, signal.lastSeen],
    load: (abort) =>
      call('POST', '/api/clusters/isolate', { filter: cluster.query, query: signal.query, ...range }, abort),
  })
  const onset = [{ atMs: Date.parse(signal.firstSeen), says: 'Onset' }]
  return (
    <Dialog title="Cluster" onClose={onClose}>
      <Attributes attributes={cluster.attributes} />
      <h3>With and without it</h3>
      <View data={isolated}>
        {({ all, left, leftShare, outside }) => (
          <>
            <Chart
              label="The attack with and without the cluster"
              look="lines"
              height={130}
              marks={onset}
              series={[
                { name: 'All', color: '--category-2', points: all },
                { name: 'Without the cluster', color: '--category-1', points: left },
              ]}
            />
            <Note kind={leftShare < 0.2 ? 'good' : 'info'}>
              Without it {percent(Math.max(0, leftShare))} of the increase is left. Outside of the attack, over 24 times
              its length, it matches {many(outside.requests, 'request')},{' '}
              {many(outside.successfulLogins, 'successful login')} by {many(outside.users, 'user')} among them.
            </Note>
          </>
        )}
      </View>
      <h3>What a rule would have stopped in the days before</h3>
      <View data={evaluated}>
        {({ collateral }) => (
          <>
            <p class="muted">
              {count(collateral.requests)} requests, {count(collateral.successfulLogins)} successful logins; measured on{' '}
              {collateral.measuredOn}.
            </p>
            {collateral.requests === 0 ? null : (
              <Chart
                label="Requests a rule would have stopped"
                height={100}
                series={[{ name: 'Would have been stopped', color: '--category-1', points: collateral.course.points }]}
              />
            )}
          </>
        )}
      </View>
    </Dialog>
  )
}
