import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Detection, TickReport } from '../../../src/collector/detect/detect.ts'
import { createDetection } from '../../../src/collector/detect/detection.ts'
import { createSignalLists } from '../../../src/collector/detect/signal-lists.ts'
import type { SignalLists } from '../../../src/collector/detect/signal-lists.ts'
import type { AutomationSettings, Responder } from '../../../src/collector/respond/respond.ts'
import { createResponder } from '../../../src/collector/respond/responder.ts'
import { openEngine as openStateEngine } from '../../../src/collector/state/duckdb/engine.ts'
import { observe } from '../../../src/collector/state/duckdb/state.ts'
import type { State } from '../../../src/collector/state/state.ts'
import { openEngine as openStoreEngine, toStore } from '../../../src/collector/store/duckdb/engine.ts'
import type { AppendRecord, Store } from '../../../src/collector/store/store.ts'
import type { Clock } from '../../../src/model/clock.ts'
import type { Signal } from '../../../src/model/signal.ts'
import type { AttributeValue } from '../../../src/model/span-record.ts'

/** Noon of an ordinary Tuesday. */
export const noonMs = Date.UTC(2026, 2, 10, 12)

/** One login or other event, told in short; `at` in seconds after noon. */
export interface Event {
  readonly at: number
  readonly event: string
  readonly ip: string
  readonly login?: string
  readonly userId?: string
  readonly exists?: boolean
  readonly service?: string
  readonly env?: string
  readonly ipSource?: string
  readonly trusted?: boolean
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

/** The engines as a collector has them, in this thread, with a clock that the test moves. */
export interface Bench {
  readonly store: Store
  readonly state: State
  readonly lists: SignalLists
  readonly detection: Detection
  readonly responder: Responder
  readonly clock: Clock
  readonly errors: readonly unknown[]
  /** Appends events and moves the clock to the last of them; returns what one tick then did. */
  happen(events: readonly Event[]): Promise<TickReport>
  /** Moves the clock and ticks. */
  later(seconds: number): Promise<TickReport>
  /** All signals, oldest first. */
  signals(): Promise<readonly Signal[]>
  /** Stops without any goodbye and starts again on the same files, as after kill -9. */
  restart(): Promise<void>
  close(): Promise<void>
}

let spans = 0

export async function startBench(settings: Partial<AutomationSettings> = {}): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-detect-'))
  let nowMs = noonMs
  const clock: Clock = { nowMs: () => nowMs, after: () => () => {} }
  const errors: unknown[] = []
  const open = async (): Promise<Pick<Bench, 'store' | 'state' | 'lists' | 'detection' | 'responder'>> => {
    const limits = { memoryLimitMb: 512, threads: 1 }
    const store = toStore(await openStoreEngine({ dir, nowMs, limits }), clock)
    const state = observe(await openStateEngine(join(dir, 'state.duckdb')))
    const lists = createSignalLists({ store, state, clock })
    const responder = await createResponder({
      store,
      state,
      lists,
      clock,
      settings: {
        enabled: true,
        trustUnkeyed: false,
        verifiedServices: [],
        trustedProxies: [],
        ceilingShare: 0.01,
        ...settings,
      },
    })
    const detection = await createDetection({
      store,
      state,
      clock,
      respond: (updates) => responder.automate(updates),
      onError: (error) => errors.push(error),
    })
    return { store, state, lists, detection, responder }
  }
  let parts = await open()
  const close = async (): Promise<void> => {
    await parts.detection.stop()
    await parts.store.close()
    await parts.state.close()
  }
  return {
    get store() {
      return parts.store
    },
    get state() {
      return parts.state
    },
    get lists() {
      return parts.lists
    },
    get detection() {
      return parts.detection
    },
    get responder() {
      return parts.responder
    },
    clock,
    errors,
    async happen(events) {
      const records = events.map(toRecord)
      nowMs = Math.max(nowMs, ...records.map(({ record }) => record.timestampMs + 1_000))
      for (let start = 0; start < records.length; start += 5_000) {
        await parts.store.append({ records: records.slice(start, start + 5_000), spans: [] })
      }
      return parts.detection.tick()
    },
    later(seconds) {
      nowMs += seconds * 1000
      return parts.detection.tick()
    },
    async signals() {
      const { items } = await parts.state.signals({}, { limit: 1_000 })
      return items.toReversed()
    },
    async restart() {
      await close()
      parts = await open()
    },
    async close() {
      await close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function toRecord({ at, event, ip, login, userId, exists, ...rest }: Event): AppendRecord {
  const id = (++spans).toString(16)
  const attributes: Record<string, AttributeValue> = {
    'appsec.security_activity': [`business_logic.${event}`],
    'http.client_ip': ip,
    '_dd.portcullis.ip_source': rest.ipSource ?? 'trusted',
    ...(login === undefined ? {} : { 'appsec.events_data.usr.login': login }),
    ...(userId === undefined ? {} : { 'appsec.events_data.usr.id': userId }),
    ...(exists === undefined ? {} : { 'appsec.events_data.usr.exists': String(exists) }),
    ...rest.attributes,
  }
  return {
    keep: 'full',
    trusted: rest.trusted ?? true,
    record: {
      timestampMs: noonMs + Math.round(at * 1000),
      traceId: id.padStart(32, '0'),
      spanId: id.padStart(16, '0'),
      service: rest.service ?? 'shop',
      env: rest.env ?? 'prod',
      version: '1.0.0',
      resource: 'POST /login',
      operation: 'web.request',
      type: 'web',
      status: 'ok',
      durationMs: 80,
      attributes,
    },
  }
}

export function failure(at: number, ip: string, login: string, exists = true): Event {
  return { at, event: 'users.login.failure', ip, login, exists }
}

export function success(at: number, ip: string, login: string): Event {
  return { at, event: 'users.login.success', ip, login, userId: `id-${login}`, exists: true }
}

/** `count` events, `everySeconds` apart from `from` on. */
export function times(
  count: number,
  from: number,
  everySeconds: number,
  make: (at: number, index: number) => Event,
): readonly Event[] {
  return Array.from({ length: count }, (_, index) => make(from + index * everySeconds, index))
}
