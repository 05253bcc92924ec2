import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call, pathOf } from '../../api/call.ts'
import { useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import { Raw } from '../../design/raw.tsx'
import { View } from '../../design/view.tsx'
import { count, shortCount } from '../../text/figures.ts'
import type { TimeRange } from '../../text/typed-time.ts'
import { namesFacet, withExcluded, withOnly, withoutFacet } from './edit-query.ts'
import type { ObservedFacet } from './use-facets.ts'

interface FacetListProps {
  readonly facets: readonly ObservedFacet[]
  readonly query: string
  readonly range: TimeRange
  readonly onChange: (query: string) => void
}

/** Shown first: what an attack on logins is looked at by. */
const first = [
  '@appsec.security_activity',
  'service',
  'env',
  '@http.route',
  '@http.status_code',
  '@appsec.blocked',
  '@http.client_ip',
  '@appsec.events_data.usr.login',
  '@appsec.events_data.usr.exists',
  '@network.client.country',
  '@network.client.as_name',
  '@http.useragent_details.browser.family',
  '@http.useragent_details.os.family',
]
const openAtFirst = new Set(['@appsec.security_activity', '@http.route', '@http.status_code'])
/** Each span has its own: not to choose from. */
const single = new Set(['trace_id', 'span_id', 'timestamp', 'duration'])
const shownValues = 10

/** Fields with their values, to narrow the query by. */
export function FacetList({ facets, query, range, onChange }: FacetListProps): JSX.Element {
  const [wanted, setWanted] = useState('')
  const offered = facets.filter(({ facet }) => !single.has(facet))
  const known = new Map(offered.map((facet) => [facet.facet, facet]))
  const named = first.flatMap((name) => known.get(name) ?? [])
  const others = offered.filter(({ facet }) => !first.includes(facet))
  const shown =
    wanted.trim() === ''
      ? named
      : offered.filter(({ facet }) => facet.toLowerCase().includes(wanted.trim().toLowerCase()))
  return (
    <div class="facets">
      <input
        class="input"
        type="search"
        aria-label="Find a field"
        placeholder={offered.length === 0 ? 'Reading the fields …' : `Find one of ${offered.length} fields`}
        value={wanted}
        onInput={(event) => setWanted(event.currentTarget.value)}
      />
      {shown.map(({ facet }) => (
        <Facet key={facet} facet={facet} query={query} range={range} onChange={onChange} />
      ))}
      {wanted.trim() !== '' || others.length === 0 ? null : (
        <details class="more-facets">
          <summary>{count(others.length)} more fields</summary>
          {others.map(({ facet }) => (
            <Facet key={facet} facet={facet} query={query} range={range} onChange={onChange} />
          ))}
        </details>
      )}
    </div>
  )
}

function Facet(props: Omit<FacetListProps, 'facets'> & { readonly facet: string }): JSX.Element {
  const { facet, query, range, onChange } = props
  const [isOpen, setOpen] = useState(openAtFirst.has(facet))
  const isNamed = namesFacet(query, facet)
  return (
    <details class="facet" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Raw text={facet} max={80} />
      </summary>
      {isOpen ? (
        <>
          {isNamed ? (
            <Button small look="quiet" onPress={() => onChange(withoutFacet(query, facet))}>
              Any value
            </Button>
          ) : null}
          <Values facet={facet} query={query} range={range} onChange={onChange} />
        </>
      ) : null}
    </details>
  )
}

function Values({
  facet,
  query,
  range,
  onChange,
}: Omit<FacetListProps, 'facets'> & { readonly facet: string }): JSX.Element {
  // What could be chosen in place of what is chosen: the facet's own condition does not count.
  const others = withoutFacet(query, facet)
  const values = useData<{
    readonly items: readonly { readonly value: string | number | boolean; readonly count: number }[]
  }>({
    key: ['spans', 'values', facet, range.from, range.to, others],
    load: (signal) =>
      call(
        'GET',
        pathOf(`/api/spans/facets/${encodeURIComponent(facet)}/values`, {
          query: others,
          ...range,
          limit: shownValues,
        }),
        undefined,
        signal,
      ),
  })
  return (
    <View data={values} empty={({ items }) => (items.length > 0 ? false : <p class="muted small">No value here</p>)}>
      {({ items }) => {
        const highest = Math.max(...items.map((item) => item.count))
        return (
          <ul>
            {items.map((item) => {
              const text = String(item.value)
              return (
                <li key={text}>
                  <span class="amount" style={{ width: `${(item.count / highest) * 100}%` }} aria-hidden="true" />
                  <span class="value">
                    <Raw text={text} max={70} />
                  </span>
                  <span class="muted small">{shortCount(item.count)}</span>
                  <span class="choices">
                    <button
                      type="button"
                      onClick={() => onChange(withOnly(query, facet, text))}
                      aria-label={`Only ${text}`}
                    >
                      Only
                    </button>
                    <button
                      type="button"
                      onClick={() => onChange(withExcluded(query, facet, text))}
                      aria-label={`Exclude ${text}`}
                    >
                      Exclude
                    </button>
                  </span>
                </li>
              )
            })}
          </ul>
        )
      }}
    </View>
  )
}
