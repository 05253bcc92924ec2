import type { Metrics } from './metrics.ts'
import type { RemoteConfigServer } from './remote-config/remote-config.ts'
import type { State } from './state/state.ts'
import type { Store } from './store/store.ts'

/** Names of the positions that detection keeps, one a rule. */
const positionPrefix = 'detect:'

/** Counts decisions as they are committed, and reads the state of things when asked. Returns what ends it. */
export function countCollector(
  metrics: Metrics,
  {
    store,
    state,
    remoteConfig,
  }: { readonly store: Store; readonly state: State; readonly remoteConfig: RemoteConfigServer },
): () => void {
  const signals = metrics.counter('portcullis_signals_opened_total', 'Signals that were opened, by severity')
  const responses = metrics.counter('portcullis_responses_total', 'Responses that were taken, by kind and author')
  const entries = metrics.counter('portcullis_list_entries_total', 'Entries written to the lists')

  metrics.gauge('portcullis_records', 'Records in the store', async () => [{ value: (await store.stats()).records }])
  metrics.gauge('portcullis_store_bytes', 'Bytes of the store on disk', async () => [
    { value: (await store.stats()).bytesOnDisk },
  ])
  metrics.gauge('portcullis_detection_lag_records', 'Records stored and not yet looked at, by rule', async () => {
    const sequence = await store.sequence()
    const rules = (await state.rules()).filter(({ rule }) => rule.enabled)
    return Promise.all(
      rules.map(async ({ rule }) => ({
        labels: { rule: rule.id },
        value: Math.max(0, sequence - ((await state.position(`${positionPrefix}${rule.id}`)) ?? sequence)),
      })),
    )
  })
  metrics.gauge('portcullis_tracers', 'Tracers that fetch configuration, by whether they have all of it', () => {
    const tracers = remoteConfig.tracers().filter(({ connected }) => connected)
    const current = tracers.filter(({ upToDate }) => upToDate).length
    return [
      { labels: { up_to_date: 'true' }, value: current },
      { labels: { up_to_date: 'false' }, value: tracers.length - current },
    ]
  })
  metrics.gauge('portcullis_process_resident_bytes', 'Memory of the process', () => [
    { value: process.memoryUsage.rss() },
  ])

  return state.subscribe((changes) => {
    for (const change of changes.signals ?? []) {
      if ('open' in change) signals.add({ severity: change.open.severity })
    }
    for (const { kind, by, undoneAt } of changes.responses ?? []) {
      if (undoneAt === null) responses.add({ kind, by: by === 'automation' ? by : 'person' })
    }
    for (const { list, entry } of changes.entries ?? []) {
      if (entry.rescindedAt === null) entries.add({ list })
    }
  })
}
