import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import type { Series } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Chart } from '../../design/chart.tsx'
import { setRange } from '../../design/time-picker.tsx'
import { View } from '../../design/view.tsx'
import { parameter, setParameters } from '../../shell/address.ts'
import { inertParts } from '../../text/inert.ts'
import type { TimeRange } from '../../text/typed-time.ts'
import type { ObservedFacet } from './use-facets.ts'

const standard = '@appsec.security_activity'
const colors = ['--category-1', '--category-2', '--category-3', '--category-4', '--category-5', '--category-6']
const activityColors: Readonly<Record<string, string>> = {
  'business_logic.users.login.success': '--success',
  'business_logic.users.login.failure': '--failure',
}

/** How many spans over time, by a field that is chosen. */
export function SpanSeries(props: {
  readonly query: string
  readonly range: TimeRange
  readonly facets: readonly ObservedFacet[]
  readonly everyMs?: number | undefined
}): JSX.Element {
  const { query, range, facets, everyMs } = props
  const by = parameter('by') || standard
  const series = useData<Series>({
    key: ['spans', 'series', query, range.from, range.to, by],
    load: (signal) =>
      call(
        'POST',
        '/api/spans/timeseries',
        { query, ...range, ...(by === 'none' ? {} : { by: [by] }), limit: colors.length },
        signal,
      ),
    ...(everyMs === undefined ? {} : { everyMs }),
  })
  const choices = [...new Set([standard, by, ...facets.map(({ facet }) => facet)])].filter((facet) => facet !== 'none')
  return (
    <section class="card series">
      <div class="row">
        <label class="choice small muted">
          By
          <select
            class="input"
            value={by}
            onChange={(event) =>
              setParameters({ by: event.currentTarget.value === standard ? undefined : event.currentTarget.value })
            }
          >
            <option value="none">nothing</option>
            {choices.map((facet) => (
              <option key={facet} value={facet}>
                {facet.slice(0, 80)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <View data={series}>
        {({ series: found }) => (
          <Chart
            label="Spans over time"
            height={130}
            series={found.map(({ group, points }, index) => ({
              name: by === 'none' ? 'Spans' : nameOf(group[by] ?? ''),
              color: activityColors[group[by] ?? ''] ?? colors[index % colors.length] ?? '--category-1',
              points,
            }))}
            onZoom={(from, to) => setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
          />
        )}
      </View>
    </section>
  )
}

const maxName = 48

function nameOf(value: string): string {
  if (value === '') return '(none)'
  const text = inertParts(value.replace(/^business_logic\./, ''))
    .map((part) => ('text' in part ? part.text : part.hidden))
    .join('')
  return text.length > maxName ? `${text.slice(0, maxName)}…` : text
}
