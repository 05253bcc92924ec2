import { signal } from '@preact/signals'
import { readAgain } from './read-again.ts'

export type LiveState = 'connecting' | 'live' | 'lost'
/** Whether events of the collector arrive. */
export const liveState = signal<LiveState>('connecting')

/** What each event makes stale. */
const staleBy: Readonly<Record<string, readonly string[]>> = {
  'signal.opened': ['signals', 'overview'],
  'signal.updated': ['signals', 'overview'],
  'signal.closed': ['signals', 'overview'],
  'response.taken': ['signals', 'denylist', 'mitigations', 'entity'],
  'response.undone': ['signals', 'denylist', 'mitigations', 'entity'],
  'list.changed': ['denylist', 'passlist', 'mitigations', 'entity', 'overview'],
  'settings.changed': ['settings', 'overview', 'mitigations'],
  'tracer.connected': ['services', 'overview'],
  'configuration.applied': ['services', 'signals', 'mitigations', 'waf-rules'],
}
const channelName = 'portcullis-live'
/** Events come many a second during an attack; what they make stale is read again this often at most. */
const refreshMs = 1_500
const reconnectMs = 4_000

type Message = { readonly event: string } | { readonly state: LiveState }

/**
 * Follows the collector's events over one connection for all tabs of the browser: the tab that holds the lock reads
 * the stream and tells the others. Returns what ends it.
 */
export function followEvents(): () => void {
  const channel = new BroadcastChannel(channelName)
  /** When the last event came that made a resource stale. */
  const stale = new Map<string, number>()
  const ended = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isReading = false

  /** The next reading begins when the last has ended, and after as long a rest: most of the collector is for the attack. */
  const flush = async (): Promise<void> => {
    timer = undefined
    if (document.hidden || isReading) return
    const wanted = new Map(stale)
    stale.clear()
    isReading = true
    const startedMs = performance.now()
    await readAgain(wanted)
    isReading = false
    if (stale.size > 0) waitFor(Math.max(refreshMs, performance.now() - startedMs))
  }
  const waitFor = (delayMs: number): void => {
    if (!ended.signal.aborted) timer ??= setTimeout(() => void flush(), delayMs)
  }
  const take = (message: Message): void => {
    if ('state' in message) {
      liveState.value = message.state
      return
    }
    for (const resource of staleBy[message.event] ?? []) stale.set(resource, Date.now())
    if (!isReading) waitFor(refreshMs)
  }
  const tell = (message: Message): void => {
    take(message)
    channel.postMessage(message)
  }
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => take(data))
  const whenShown = (): void => {
    if (!document.hidden && stale.size > 0) void flush()
  }
  document.addEventListener('visibilitychange', whenShown)

  const lead = (): Promise<void> =>
    new Promise((resolve) => {
      let source: EventSource | undefined
      const open = (): void => {
        source = new EventSource('/api/events')
        source.addEventListener('open', () => {
          // What happened while nobody listened, as between two leading tabs, is told by no event.
          if (liveState.value !== 'connecting') for (const event of Object.keys(staleBy)) tell({ event })
          tell({ state: 'live' })
        })
        source.addEventListener('error', () => {
          tell({ state: 'lost' })
          if (source?.readyState === EventSource.CLOSED && !ended.signal.aborted) setTimeout(open, reconnectMs)
        })
        for (const event of Object.keys(staleBy)) source.addEventListener(event, () => tell({ event }))
      }
      open()
      ended.signal.addEventListener('abort', () => {
        source?.close()
        resolve()
      })
      // A tab that joins later asks nothing; it hears the state again with the next beat.
      const beat = setInterval(() => channel.postMessage({ state: liveState.value }), reconnectMs)
      ended.signal.addEventListener('abort', () => clearInterval(beat))
    })
  navigator.locks
    .request(channelName, { signal: ended.signal }, () => (ended.signal.aborted ? undefined : lead()))
    .catch(() => undefined)

  return () => {
    ended.abort()
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', whenShown)
    channel.close()
  }
}
