import { effect, signal, type Signal } from '@preact/signals'

/** Keeps a choice in this browser; `fallback` where there is none, or none that `accepts` takes. */
function kept<T>(name: string, fallback: T, accepts: (value: unknown) => value is T): Signal<T> {
  const key = `portcullis.${name}`
  let first = fallback
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    if (accepts(stored)) first = stored
  } catch {
    // Storage that cannot be read is as good as none.
  }
  const choice = signal(first)
  effect(() => {
    const text = JSON.stringify(choice.value)
    try {
      localStorage.setItem(key, text)
    } catch {
      // A choice that cannot be kept holds for this page.
    }
  })
  return choice
}

/** Whether times are shown and typed in UTC. */
export const utc: Signal<boolean> = kept('utc', false, (value) => typeof value === 'boolean')

export interface SavedQuery {
  readonly name: string
  readonly query: string
}
const maxSavedQueries = 200

export const savedQueries: Signal<readonly SavedQuery[]> = kept<readonly SavedQuery[]>(
  'saved-queries',
  [],
  (value): value is readonly SavedQuery[] =>
    Array.isArray(value) &&
    value.length <= maxSavedQueries &&
    value.every((one) => typeof one?.name === 'string' && typeof one?.query === 'string'),
)
