/**
 * Sends events through the agent listener of a collector, in batches as tracers do. A full queue (429) is tried again after
 * what the collector asks for; any other refusal is thrown. `eachBatch` is told of what was sent.
 * @param {{ agentUrl: string, service: ReturnType<typeof import('./to-span.js').createTracedService>,
 *   events: Iterable<object>, shiftMs?: number, batch?: number, inFlight?: number,
 *   eachEvent?: (event: object, span: object) => void, eachBatch?: (events: object[]) => Promise<void> | void }} options
 * @returns how many spans were sent
 */
export async function sendEvents({
  agentUrl,
  service,
  events,
  shiftMs = 0,
  batch = 500,
  inFlight = 4,
  eachEvent,
  eachBatch,
}) {
  const url = new URL('/v0.4/traces', agentUrl)
  const underWay = new Set()
  let sent = 0
  let some = []
  const flush = async () => {
    const batchEvents = some
    some = []
    const spans = batchEvents.map((event) => {
      const span = service.toSpan(event, shiftMs)
      eachEvent?.(event, span)
      return span
    })
    sent += spans.length
    const { body, headers } = service.payload(spans)
    const sending = put(url, body, headers).finally(() => underWay.delete(sending))
    underWay.add(sending)
    if (underWay.size >= inFlight) await Promise.race(underWay)
    await eachBatch?.(batchEvents)
  }
  for (const event of events) {
    some.push(event)
    if (some.length >= batch) await flush()
  }
  if (some.length > 0) await flush()
  await Promise.all(underWay)
  return sent
}

async function put(url, body, headers) {
  for (;;) {
    const response = await fetch(url, { method: 'PUT', headers, body })
    const text = await response.text()
    if (response.ok) return
    if (response.status !== 429) throw new Error(`${url} answered ${response.status}: ${text}`)
    const seconds = Number(response.headers.get('retry-after') ?? 1)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  }
}
