import type { Signal } from '../model/signal.ts'
import type { State } from './state/state.ts'
import type { TimeRange } from './store/store.ts'

const atOnce = 500
/** Of more signals, the newest are looked at. */
const maxLooked = 2_000

/** The signals of a service (undefined: of any) in a stretch of time, newest first, read as far as they are looked at. */
export async function* signalsWithin(
  state: Pick<State, 'signals'>,
  service: string | undefined,
  range: TimeRange,
): AsyncGenerator<Signal> {
  const filter = { ...range, ...(service === undefined ? {} : { service }) }
  let cursor: string | null = null
  for (let looked = 0; looked < maxLooked; looked += atOnce) {
    const { items, next } = await state.signals(filter, { limit: atOnce, ...(cursor === null ? {} : { cursor }) })
    yield* items
    if (next === null) return
    cursor = next
  }
}
