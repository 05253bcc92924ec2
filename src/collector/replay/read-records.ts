import type { SpanRecord } from '../../model/span-record.ts'
import type { Store, TimeRange } from '../store/store.ts'

/** The attributes of the records of a query, oldest first, a part at a time. */
export async function* readRecords(
  store: Store,
  query: string,
  range: TimeRange,
  signal?: AbortSignal,
): AsyncGenerator<readonly SpanRecord[]> {
  const decoder = new TextDecoder()
  for await (const part of store.export(query, range, 'ndjson', signal)) {
    const records: SpanRecord[] = []
    for (const line of decoder.decode(part).split('\n')) if (line !== '') records.push(toRecord(line))
    yield records
  }
}

function toRecord(line: string): SpanRecord {
  const { timestamp, ...others } = JSON.parse(line) as Omit<SpanRecord, 'timestampMs'> & { readonly timestamp: string }
  return { ...others, timestampMs: Date.parse(timestamp) }
}
