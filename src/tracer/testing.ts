import { AssertionError } from 'node:assert'
import type { Clock } from '../model/clock.ts'
import type { Span } from '../model/span.ts'
import { eventName, eventPrefix, tag } from '../model/tags.ts'
import { createMemoryExporter } from './export/memory-exporter.ts'
import { runningTracer, start, type StartOptions, type Tracer } from './start.ts'

/** A tracer whose spans stay in this process. */
export interface TestTracer extends Tracer {
  /** Finished spans, oldest first. A span is finished once its response is over. */
  readonly spans: readonly Span[]
  clear(): void
}

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves on, and calls what falls due on the way, in order. */
  advance(milliseconds: number): void
}

/**
 * Starts a tracer that keeps its spans in memory and asks nobody for configuration. The environment is not read.
 * Call `stop()` after the test. Throws when a tracer is running already.
 */
export function startTestTracer(options: StartOptions = {}, parts: { readonly clock?: Clock } = {}): TestTracer {
  if (runningTracer() !== undefined) throw new Error('a tracer is running already; stop() it before the test')
  const exporter = createMemoryExporter()
  const tracer = start({ remoteConfigEnabled: false, ...options }, { ...parts, exporter, environment: {} })
  return {
    flush: () => tracer.flush(),
    stop: () => tracer.stop(),
    currentSpan: () => tracer.currentSpan(),
    appsec: tracer.appsec,
    get spans() {
      return exporter.spans
    },
    clear: () => exporter.clear(),
  }
}

/** A clock for tests. `startMs`: milliseconds since 1970. */
export function fakeClock(startMs = 1_700_000_000_000): FakeClock {
  let nowMs = startMs
  let waiting: { readonly dueMs: number; readonly run: () => void }[] = []
  return {
    nowMs: () => nowMs,
    after(delayMs, run) {
      const entry = { dueMs: nowMs + Math.max(0, delayMs), run }
      waiting.push(entry)
      return () => {
        waiting = waiting.filter((other) => other !== entry)
      }
    },
    advance(milliseconds) {
      const endMs = nowMs + milliseconds
      for (;;) {
        const next = waiting.toSorted((a, b) => a.dueMs - b.dueMs)[0]
        if (next === undefined || next.dueMs > endMs) break
        waiting = waiting.filter((other) => other !== next)
        nowMs = Math.max(nowMs, next.dueMs)
        next.run()
      }
      nowMs = endMs
    },
  }
}

/** What an event is expected to say; what is left out may be anything. */
export interface ExpectedLogin {
  readonly login?: string
  readonly userId?: string
  readonly exists?: boolean
  /** Further fields of the event, by name without the event's prefix. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** The span of a successful login as expected. Throws an AssertionError that says what was seen instead. */
export function expectLoginSuccess(spans: readonly Span[], expected: ExpectedLogin = {}): Span {
  return expectEvent(spans, eventName.loginSuccess, expected)
}

/** The span of a failed login as expected. Throws an AssertionError that says what was seen instead. */
export function expectLoginFailure(spans: readonly Span[], expected: ExpectedLogin = {}): Span {
  return expectEvent(spans, eventName.loginFailure, expected)
}

/** The span of an event of any name as expected. Throws an AssertionError that says what was seen instead. */
export function expectEvent(spans: readonly Span[], event: string, expected: ExpectedLogin = {}): Span {
  const prefix = `${eventPrefix}${event}.`
  const wanted: Record<string, string> = { track: 'true', ...expected.metadata }
  if (expected.login !== undefined) wanted[tag.usrLogin] = expected.login
  if (expected.userId !== undefined) wanted[tag.usrId] = expected.userId
  if (expected.exists !== undefined) wanted[tag.usrExists] = String(expected.exists)
  const found = spans.find(({ meta }) =>
    Object.entries(wanted).every(([name, value]) => eventField(meta, prefix, name) === value),
  )
  if (found !== undefined) return found
  const seen = spans.flatMap(({ meta, resource }) =>
    Object.hasOwn(meta, `${prefix}track`) ? [{ resource, ...fieldsOf(meta, prefix) }] : [],
  )
  throw new AssertionError({
    message: `no span has the event ${event} as expected; ${spans.length} spans were seen, ${seen.length} of them with the event`,
    actual: seen,
    expected: wanted,
  })
}

/** Throws an AssertionError when a span tells of a login, successful or not. */
export function expectNoLogin(spans: readonly Span[]): void {
  for (const event of [eventName.loginSuccess, eventName.loginFailure]) {
    const found = spans.find(({ meta }) => Object.hasOwn(meta, `${eventPrefix}${event}.track`))
    if (found === undefined) continue
    const message = `${found.resource} tells of ${event}, and no login was expected`
    throw new AssertionError({ message, actual: fieldsOf(found.meta, `${eventPrefix}${event}.`) })
  }
}

/** The span of a request that was blocked. Throws an AssertionError when there is none. */
export function expectBlocked(spans: readonly Span[]): Span {
  const found = spans.find(({ meta }) => meta[tag.appsecBlocked] === 'true')
  if (found !== undefined) return found
  throw new AssertionError({
    message: `none of ${spans.length} spans was blocked`,
    expected: { [tag.appsecBlocked]: 'true' },
  })
}

/** A field of an event; the id of the user is on the span itself where the event does not carry it. */
function eventField(meta: Span['meta'], prefix: string, name: string): string | undefined {
  const field = prefix + name
  if (Object.hasOwn(meta, field)) return meta[field]
  return name === tag.usrId && Object.hasOwn(meta, name) ? meta[name] : undefined
}

function fieldsOf(meta: Span['meta'], prefix: string): Record<string, string> {
  const fields = Object.entries(meta).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(fields.map(([name, value]) => [name.slice(prefix.length), value]))
}
