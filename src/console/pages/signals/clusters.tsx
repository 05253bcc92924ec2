import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Cluster } from '../../../model/cluster.ts'
import type { Signal } from '../../api/shapes.ts'
import { ShareBar } from '../../design/badges.tsx'
import { Button } from '../../design/button.tsx'
import { Sparkline } from '../../design/chart.tsx'
import { Card } from '../../design/view.tsx'
import { count, many, percent } from '../../text/figures.ts'
import { ClusterDialog } from './cluster-dialog.tsx'
import { AttributeLine, Attributes } from './cluster-attributes.tsx'
import { ClusterRule } from './cluster-rule.tsx'
import { collateralBars } from './cluster-words.ts'

/** Where it stands on the page of a signal. */
export const clustersId = 'clusters'

/** What the attackers share and others do not: how much of the attack it is, what a rule would hit, and the rule. */
export function Clusters({ signal }: { readonly signal: Signal }): JSX.Element | null {
  const [opened, open] = useState<Cluster>()
  const clusters = signal.clusters ?? []
  const explorer = `/traces?${new URLSearchParams({ q: signal.query, from: signal.firstSeen, view: 'analysis', signal: signal.id }).toString()}`
  return (
    <Card
      id={clustersId}
      title={
        <>
          What the attackers share{' '}
          <span class="muted">{clusters.length === 0 ? '' : many(clusters.length, 'cluster')}</span>
        </>
      }
      actions={<a href={explorer}>Find one by hand</a>}
      flush
    >
      {clusters.length === 0 ? (
        <p class="inside muted">
          {signal.clusters === undefined
            ? 'It has not been looked for yet: a few seconds into an attack there is enough to compare.'
            : 'Nothing that sets the attackers apart from the others was found.'}
        </p>
      ) : (
        <ul class="clusters">
          {clusters.map((cluster) => (
            <li key={cluster.id}>
              <Attributes attributes={cluster.attributes} />
              <div class="cluster-figures">
                <div>
                  <span class="muted small">Share of the attack</span>
                  <ShareBar share={cluster.attackShare} />
                </div>
                <div>
                  <span class="muted small">Would have stopped in {cluster.collateral.days} days before</span>
                  <span class={cluster.collateral.successfulLogins > 0 ? 'warn-text' : undefined}>
                    {many(cluster.collateral.requests, 'request')}, {many(cluster.collateral.successfulLogins, 'login')}
                  </span>
                  {cluster.collateral.requests === 0 ? null : (
                    <Sparkline points={collateralBars(cluster.collateral)} color="--category-1" />
                  )}
                </div>
                <div>
                  <span class="muted small">Known to threat intel</span>
                  <span>{percent(cluster.threatIntelShare)}</span>
                </div>
                <div>
                  <span class="muted small capital">{cluster.trend}</span>
                  <span>
                    {many(cluster.ips, 'address', 'addresses')}, {many(cluster.users, 'user')}
                  </span>
                </div>
              </div>
              {cluster.described.length === 0 ? null : (
                <p class="muted small">
                  Also:{' '}
                  {cluster.described.slice(0, 4).map((one, index) => (
                    <span key={index}>
                      {index === 0 ? '' : '; '}
                      <AttributeLine attribute={one} /> ({percent(one.share)})
                    </span>
                  ))}
                </p>
              )}
              {cluster.blockable || cluster.reason === null ? null : (
                <p class="warn-text small">Automation does not block it: {cluster.reason}</p>
              )}
              <div class="row">
                <ClusterRule signal={signal} cluster={cluster} />
                <Button small onPress={() => open(cluster)}>
                  Look closer
                </Button>
                <a
                  class="button small quiet"
                  href={`/traces?${new URLSearchParams({ q: cluster.query, from: signal.firstSeen }).toString()}`}
                >
                  {count(cluster.requests)} requests
                </a>
              </div>
            </li>
          ))}
        </ul>
      )}
      {opened === undefined ? null : <ClusterDialog signal={signal} cluster={opened} onClose={() => open(undefined)} />}
    </Card>
  )
}
