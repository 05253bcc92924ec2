import type { JSX } from 'preact'
import type { Span } from '../../api/shapes.ts'
import { Button } from '../../design/button.tsx'
import { Entity } from '../../design/entity.tsx'
import { Menu } from '../../design/menu.tsx'
import { Raw } from '../../design/raw.tsx'
import type { Column } from '../../design/table.tsx'
import { utc } from '../../shell/preferences.ts'
import { parameter, setParameters } from '../../shell/address.ts'
import { moment } from '../../text/figures.ts'
import { outcomeOf, valueOf } from './span-words.ts'
import type { ObservedFacet } from './use-facets.ts'

const standard = [
  '@appsec.events_data.usr.login',
  '@http.client_ip',
  'resource_name',
  '@http.status_code',
  '@http.useragent',
  'service',
]
const titles: Readonly<Record<string, string>> = {
  '@appsec.events_data.usr.login': 'User',
  '@http.client_ip': 'Address',
  resource_name: 'Route',
  '@http.status_code': 'Status',
  '@http.useragent': 'User agent',
  service: 'Service',
}
const widths: Readonly<Record<string, number>> = { '@http.status_code': 76, service: 130, '@http.client_ip': 140 }
const maxColumns = 12

/** The columns that the address names. */
export function chosenColumns(): readonly string[] {
  const given = parameter('columns')
  return given === '' ? standard : given.split('~').slice(0, maxColumns)
}

export function spanColumns(facets: readonly string[]): readonly Column<Span>[] {
  return [
    {
      key: 'timestamp',
      title: 'Time',
      width: 92,
      cell: ({ timestamp }) => (
        <time dateTime={timestamp} title={moment(Date.parse(timestamp), utc.value)}>
          {moment(Date.parse(timestamp), utc.value, 'clock')}
        </time>
      ),
    },
    {
      key: 'outcome',
      title: 'What',
      width: 118,
      cell: (span) => {
        const { says, look } = outcomeOf(span)
        return (
          <span class={`badge ${look}`}>
            <Raw text={says} max={24} />
          </span>
        )
      },
    },
    ...facets.map((facet, index): Column<Span> => {
      const width = widths[facet]
      const fromPx = 420 + 110 * index
      return {
        key: facet,
        title: titles[facet] ?? <Raw text={facet} max={60} />,
        ...(width === undefined ? {} : { width }),
        ...(index === 0 ? {} : { fromPx }),
        cell: (span) => cellOf(facet, valueOf(span, facet)),
      }
    }),
  ]
}

function cellOf(facet: string, value: string): JSX.Element {
  if (value === '') return <span class="muted">–</span>
  if (facet === '@http.client_ip') return <Entity kind="ip" value={value} />
  if (facet === '@appsec.events_data.usr.login') return <Entity kind="user" value={value} />
  return <Raw text={value} max={160} />
}

/** Chooses the columns of the table. */
export function ColumnMenu({ facets }: { readonly facets: readonly ObservedFacet[] }): JSX.Element {
  const chosen = chosenColumns()
  const offered = [...new Set([...chosen, ...facets.map(({ facet }) => facet)])].filter(
    (facet) => facet !== 'timestamp',
  )
  const set = (next: readonly string[]): void =>
    setParameters({ columns: next.join('~') === standard.join('~') ? undefined : next.join('~') }, { replace: true })
  return (
    <Menu label="Columns" says="Columns" small>
      {() => (
        <div class="column-choice">
          <Button small look="quiet" onPress={() => set(standard)}>
            As they were
          </Button>
          {offered.map((facet) => (
            <label key={facet} class="choice">
              <input
                type="checkbox"
                checked={chosen.includes(facet)}
                disabled={!chosen.includes(facet) && chosen.length >= maxColumns}
                onChange={(event) =>
                  set(event.currentTarget.checked ? [...chosen, facet] : chosen.filter((one) => one !== facet))
                }
              />
              <Raw text={facet} max={60} />
            </label>
          ))}
        </div>
      )}
    </Menu>
  )
}
