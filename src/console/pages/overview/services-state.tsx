import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import type { Page, SeenService } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Icon } from '../../design/icon.tsx'
import { Raw } from '../../design/raw.tsx'
import { Card, EmptyState, View } from '../../design/view.tsx'
import { percent } from '../../text/figures.ts'
import { protectionOf } from '../services/protection.ts'

/** Services with their protection, and what their events lack, with how to mend it. */
export function ServicesState(): JSX.Element {
  const services = useData<Page<SeenService>>({
    key: ['services'],
    load: (signal) => call('GET', '/api/services', undefined, signal),
  })
  return (
    <Card title="Services" actions={<a href="/services">All services</a>} flush>
      <View
        data={services}
        empty={({ items }) =>
          items.length > 0 ? (
            false
          ) : (
            <EmptyState icon="services" title="No service has reported yet">
              <a href="/services">Set one up</a>
            </EmptyState>
          )
        }
      >
        {({ items }) => (
          <ul class="lines">
            {items.map((service) => {
              const { look, says } = protectionOf(service)
              return (
                <li key={service.name}>
                  <a class="grow" href={`/services?${new URLSearchParams({ service: service.name }).toString()}`}>
                    <Raw text={service.name} max={60} />
                  </a>
                  <span class={`badge ${look}`}>{says}</span>
                  {service.findings.map(({ code, says: what, share }) => (
                    <p key={code} class="finding">
                      <Icon name="warn" />
                      <span>
                        {percent(share)}: {what}
                      </span>
                    </p>
                  ))}
                </li>
              )
            })}
          </ul>
        )}
      </View>
    </Card>
  )
}
