import type { Clock } from '../model/clock.ts'
import type { Reply } from './block.ts'

/** Places, and failures of one place, that are remembered. */
const MAX_PLACES = 200
const MAX_LATENCIES = 100

/** Failures of different logins that must agree before their reply may stand for all. */
const REQUIRED_WITNESSES = 3

/** A login failure is a small page; a larger one is not imitated. */
export const MAX_BODY_BYTES = 16_384

/** Replies that wait for their delay at the same time; beyond it they are sent at once. */
const MAX_WAITING = 1_000

/** Longest delay that is imitated. */
const MAX_DELAY_MS = 10_000

/** A failed login as the service itself answered it. */
export interface ObservedFailure {
  /** Method and path: a block may come before the route is known. */
  readonly place: string
  readonly login: string
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, unknown>>
  /** Undefined when it was too long to be imitated. */
  readonly body: string | undefined
  readonly latencyMs: number
}

/** Learns how a service answers a failed login, so that a block can look just like it. */
export interface StealthReplies {
  learn(failure: ObservedFailure): void
  /** `reply` is undefined until the place's failures were seen to be alike; then the stated block is the fallback. */
  replyFor(place: string): { readonly reply: Reply | undefined; readonly delayMs: number }
}

interface PlaceMemory {
  readonly latenciesMs: number[]
  template: string
  reply: Reply
  logins: Set<string>
}

/**
 * A template is used only once three failures of different logins gave identical bytes with none of the logins in them:
 * anything that varies, or that names the account, would tell a block from a wrong password, or leak somebody's name.
 */
export function stealthReplies({ clock, random }: { clock: Clock; random: () => number }): StealthReplies {
  const places = new Map<string, PlaceMemory>()
  const waitingUntilMs: number[] = []

  return {
    learn(failure) {
      const reply = imitable(failure)
      const memory = places.get(failure.place)
      if (reply === undefined) {
        places.delete(failure.place)
        return
      }
      const template = JSON.stringify(reply)
      const same = memory !== undefined && memory.template === template
      const logins = same ? memory.logins : new Set<string>()
      if (logins.size < REQUIRED_WITNESSES) logins.add(failure.login)
      const latenciesMs = memory?.latenciesMs ?? []
      latenciesMs.push(failure.latencyMs)
      if (latenciesMs.length > MAX_LATENCIES) latenciesMs.shift()
      places.delete(failure.place)
      places.set(failure.place, { latenciesMs, template, reply, logins })
      if (places.size > MAX_PLACES) places.delete(places.keys().next().value ?? '')
    },
    replyFor(place) {
      const memory = places.get(place)
      if (memory === undefined) return { reply: undefined, delayMs: 0 }
      const reply = memory.logins.size < REQUIRED_WITNESSES ? undefined : memory.reply
      return { reply, delayMs: reply === undefined ? 0 : drawDelay(memory.latenciesMs) }
    },
  }

  function drawDelay(latenciesMs: readonly number[]): number {
    const nowMs = clock.nowMs()
    while (waitingUntilMs.length > 0 && (waitingUntilMs[0] ?? 0) <= nowMs) waitingUntilMs.shift()
    if (waitingUntilMs.length >= MAX_WAITING) return 0
    const drawn = latenciesMs[Math.floor(random() * latenciesMs.length)] ?? 0
    const delayMs = Math.min(Math.max(0, drawn), MAX_DELAY_MS)
    insertSorted(waitingUntilMs, nowMs + delayMs)
    return delayMs
  }
}

/** The reply as it may be repeated, or undefined when it must not be. */
function imitable({ status, headers, body, login }: ObservedFailure): Reply | undefined {
  if (body === undefined || Buffer.byteLength(body) > MAX_BODY_BYTES) return undefined
  if (headers['set-cookie'] !== undefined) return undefined
  const kept: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!isImitated(name) || value === undefined) continue
    kept[name] = typeof value === 'number' ? value : textOf(value)
  }
  const said = `${JSON.stringify(kept)}${body}`.toLowerCase()
  if (login !== '' && said.includes(login.toLowerCase())) return undefined
  kept['content-length'] = Buffer.byteLength(body)
  return { status, headers: kept, body }
}

/** A header's value as text; lists are joined as they are on the wire. */
function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value)
}

function isImitated(header: string): boolean {
  return header === 'content-type' || header === 'cache-control' || header.startsWith('access-control-')
}

function insertSorted(list: number[], value: number): void {
  let at = list.length
  while (at > 0 && (list[at - 1] ?? 0) > value) at--
  list.splice(at, 0, value)
}
