import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import { useData } from '../../api/use-data.ts'
import { Chart } from '../../design/chart.tsx'
import { Note } from '../../design/note.tsx'
import { Card, View } from '../../design/view.tsx'
import { count, many } from '../../text/figures.ts'
import type { Draft } from './draft.ts'
import type { Replay } from './waf-shapes.ts'

/** What the rule would have hit in the stored traffic of a week, as it stands in the editor. */
export function Preview({ body, isSound }: { readonly body: Draft; readonly isSound: boolean }): JSX.Element {
  const replay = useData<Replay>({
    key: ['waf-preview', JSON.stringify(body)],
    enabled: isSound,
    load: (signal) => call('POST', '/api/waf-rules/preview', { rule: body, from: 'now-7d', to: 'now' }, signal),
  })
  return (
    <Card title="On stored traffic of 7 days">
      {!isSound && replay.data === undefined ? (
        <p class="muted">Comes as soon as the rule can be read.</p>
      ) : (
        <View
          data={replay}
          partial={({ unreplayable }) =>
            unreplayable.length === 0
              ? undefined
              : `Not recorded, so it cannot be told: ${[...new Set(unreplayable.map(({ address }) => address))].join(', ')}.`
          }
        >
          {({ matched, successfulLogins, users, total, undetermined, series, hours }) => (
            <div class="stack tight">
              <Note kind={successfulLogins === 0 ? 'good' : 'warn'}>
                Would have matched <b>{many(matched, 'request')}</b> of {count(total)}, with{' '}
                <b>{many(successfulLogins, 'successful login')}</b> by {many(users, 'user')}
                {undetermined === 0 ? '.' : `; of ${count(undetermined)} too little is recorded to tell.`}{' '}
                <span class="muted">Something is stored of {many(Math.ceil(hours), 'hour')}.</span>
              </Note>
              {matched === 0 ? null : (
                <Chart
                  label="Requests it matches"
                  height={110}
                  series={[{ name: 'Matched', color: '--category-1', points: series }]}
                />
              )}
            </div>
          )}
        </View>
      )}
    </Card>
  )
}
