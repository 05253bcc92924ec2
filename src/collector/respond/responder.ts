import { randomUUID } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import type { DenylistEntry } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import type { Signal } from '../../model/signal.ts'
import { PrefixSet } from '../../net/prefix-set.ts'
import type { Changes, ListName, Page, PageRequest, ResponseRecord, SignalFacts, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { automate } from './automate.ts'
import { addEntries, extendEntry, maxEntriesAtOnce, rescindEntry } from './list-changes.ts'
import { keepPasslist } from './passlist.ts'
import type { AutomationSettings, NewEntry, Responder, SignalAnswer } from './respond.ts'
import { ResponseMemory } from './response-memory.ts'

/** The lists of a signal, as far as an answer to it needs them. */
export interface AnswerLists {
  ips(signal: SignalFacts, page: PageRequest): Promise<Page<{ readonly ip: string }>>
  compromisedUsers(signal: SignalFacts, page: PageRequest): Promise<Page<{ readonly usrId: string | null }>>
}

/** Responses are remembered for as long as a signal can come back. */
const rememberMs = 31 * 86_400_000
/** Refusals that are remembered as said; beyond, the oldest may be said again. */
const maxRefusals = 50_000
const pageSize = 5_000
/** Entries of one commit. */
const sliceSize = 10_000

export async function createResponder(options: {
  readonly store: Store
  readonly state: State
  readonly lists: AnswerLists
  readonly clock: Clock
  readonly settings: AutomationSettings
}): Promise<Responder> {
  const { store, state, lists, clock, settings } = options
  const memory = new ResponseMemory(await state.responses({ sinceMs: clock.nowMs() - rememberMs }))
  const passlist = keepPasslist(state)
  const refusals = new Set<string>()
  const trustedProxies = PrefixSet.from(settings.trustedProxies)
  state.subscribe((changes) => {
    memory.apply(changes)
    if (changes.entries?.some(({ list }) => list === 'passlist') === true) passlist.forget()
  })

  function isNewRefusal(signalId: string, value: string, why: string): boolean {
    const key = JSON.stringify([signalId, value, why])
    if (refusals.has(key)) return false
    refusals.add(key)
    const [oldest] = refusals
    if (refusals.size > maxRefusals && oldest !== undefined) refusals.delete(oldest)
    return true
  }

  async function entryInForce(list: ListName, id: string): Promise<DenylistEntry> {
    const entry = await state.entry(list, id)
    const ended = entry?.expiresAt !== null && Date.parse(entry?.expiresAt ?? '') <= clock.nowMs()
    if (entry === null || entry.rescindedAt !== null || ended) {
      throw fail('NOT_FOUND', `an entry ${id} that is in force`)
    }
    return entry
  }

  async function selected(signal: Signal, selection: SignalAnswer['selection']): Promise<readonly string[]> {
    const values: string[] = []
    let cursor: string | undefined
    do {
      const page = { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) }
      if (selection === 'ips') {
        const { items, next } = await lists.ips(signal, page)
        values.push(...items.map(({ ip }) => ip))
        cursor = next ?? undefined
      } else {
        const { items, next } = await lists.compromisedUsers(signal, page)
        values.push(...items.flatMap(({ usrId }) => usrId ?? []))
        cursor = next ?? undefined
      }
    } while (cursor !== undefined)
    return values
  }

  /** Many entries go in one slice after the other, so that a block in between does not wait for all of them. */
  async function commitInSlices({ entries = [], responses = [], ...others }: Changes): Promise<void> {
    const longest = Math.max(entries.length, responses.length)
    for (let start = 0; start < longest; start += sliceSize) {
      const end = start + sliceSize
      await state.commit({
        ...(end >= longest ? others : {}),
        entries: entries.slice(start, end),
        responses: responses.slice(start, end),
      })
    }
  }

  return {
    async automate(updates) {
      memory.forgetBefore(clock.nowMs() - rememberMs)
      return automate({ store, state, clock, settings, trustedProxies, memory, passlist, isNewRefusal }, updates)
    },

    async add(list, entries, author) {
      const { entries: added, changes } = addEntries(list, entries, author, clock.nowMs())
      await commitInSlices(changes)
      return added
    },

    async extend(list, id, expiresAt, author) {
      const before = await entryInForce(list, id)
      const { entry, changes } = extendEntry(list, before, memory.ofEntry(id), expiresAt, author, clock.nowMs())
      await state.commit(changes)
      return entry
    },

    async rescind(list, id, author) {
      const before = await entryInForce(list, id)
      const { entry, changes } = rescindEntry(list, before, memory.ofEntry(id), author, clock.nowMs())
      await state.commit(changes)
      return entry
    },

    async answer(signalId, answer, author) {
      const signal = await state.signal(signalId)
      if (signal === null) throw fail('NOT_FOUND', `signal ${signalId}`)
      const values = await selected(signal, answer.selection)
      const { responses, changes } = answerChanges(signal, answer, values.slice(0, maxEntriesAtOnce), author, clock)
      await commitInSlices(changes)
      return responses
    },

    async undo(responseId, author) {
      const response = memory.get(responseId)
      if (response === undefined || response.undoneAt !== null) {
        throw fail('NOT_FOUND', `a response ${responseId} that can be undone`)
      }
      const nowMs = clock.nowMs()
      const entry = response.entryId === null ? null : await state.entry('denylist', response.entryId)
      const undone = { ...response, undoneAt: new Date(nowMs).toISOString() }
      const inForce = entry !== null && entry.rescindedAt === null
      await state.commit(
        inForce
          ? rescindEntry('denylist', entry, memory.ofEntry(entry.id), author, nowMs).changes
          : { responses: [undone] },
      )
      return undone
    },
  }
}

function answerChanges(
  signal: Signal,
  { selection, forSeconds }: SignalAnswer,
  values: readonly string[],
  author: string,
  clock: Clock,
): { readonly responses: readonly ResponseRecord[]; readonly changes: Changes } {
  const nowMs = clock.nowMs()
  const at = new Date(nowMs).toISOString()
  const until = new Date(nowMs + forSeconds * 1000).toISOString()
  const reason = `answer to: ${signal.title}`
  const kind = selection === 'ips' ? ('ip' as const) : ('user' as const)
  const added: NewEntry[] = values.map((value) => ({ kind, value, expiresAt: until, reason, signalId: signal.id }))
  const { entries, changes } = addEntries('denylist', added, author, nowMs)
  const responses = entries.map((entry): ResponseRecord => ({
    id: randomUUID(),
    signalId: signal.id,
    entryId: entry.id,
    kind: kind === 'ip' ? 'block_ip' : 'block_user',
    value: entry.value,
    by: author,
    at,
    until,
    undoneAt: null,
    why: reason,
    collateralUsers: 0,
  }))
  const text = `${entries.length} ${kind === 'ip' ? 'addresses' : 'compromised users'} are blocked until ${until}`
  return {
    responses,
    changes: {
      ...changes,
      responses,
      timeline: [{ signalId: signal.id, at, by: author, kind: 'response_taken', text }],
    },
  }
}
