/** One server-sent event. */
export interface StreamEvent {
  readonly name: string
  readonly data: unknown
}

/** Calls `onEvent` for each event of a server-sent event stream until the signal aborts or the stream ends. */
export async function readEventStream(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onEvent: (event: StreamEvent) => void,
): Promise<void> {
  const response = await fetch(url, { headers, signal })
  if (!response.ok || response.body === null) throw new Error(`${url.pathname} answered ${response.status}`)
  let pending = ''
  try {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (pending + chunk).split('\n\n')
      pending = blocks.pop() ?? ''
      for (const event of blocks.map(parseBlock)) if (event !== undefined) onEvent(event)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function parseBlock(block: string): StreamEvent | undefined {
  const name = /^event: (.*)$/m.exec(block)?.[1]
  const data = /^data: (.*)$/m.exec(block)?.[1]
  return name === undefined || data === undefined ? undefined : { name, data: JSON.parse(data) as unknown }
}
