import { readPosture, type PostureFinding } from './posture.ts'
import type { Store, TimeRange } from './store/store.ts'

/** What a service sent in a range. */
export interface SeenService {
  readonly name: string
  readonly spans: number
  readonly lastSeenMs: number
  readonly versions: readonly { readonly env: string; readonly version: string; readonly lastSeenMs: number }[]
  readonly findings: readonly PostureFinding[]
}

const maxServices = 1_000

/** Services by name, with what they sent and what their login events lack. */
export async function readServices(store: Store, range: TimeRange): Promise<readonly SeenService[]> {
  const [seen, versions, findings] = await Promise.all([
    store.top('', range, { by: ['service'], aggregates: ['count'], limit: maxServices }),
    store.top('', range, { by: ['service', 'env', 'version'], aggregates: ['count'], limit: 10 * maxServices }),
    readPosture(store, range),
  ])
  return seen.map(({ group, values, lastSeenMs }) => {
    const name = group['service'] ?? ''
    return {
      name,
      spans: values[0] ?? 0,
      lastSeenMs,
      versions: versions
        .filter((row) => row.group['service'] === name)
        .map((row) => ({
          env: row.group['env'] ?? '',
          version: row.group['version'] ?? '',
          lastSeenMs: row.lastSeenMs,
        })),
      findings: findings.get(name) ?? [],
    }
  })
}
