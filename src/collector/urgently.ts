import type { Store } from './store/store.ts'

/** The store, asked with urgency (`Urgency`): for what a block waits for, not for what a person or a report does. */
export function urgently(store: Store): Store {
  return {
    ...store,
    timeseries: (query, range, options) => store.timeseries(query, range, { ...options, urgent: true }),
    top: (query, range, options) => store.top(query, range, { ...options, urgent: true }),
    counts: (request) => store.counts({ ...request, urgent: true }),
  }
}
