import type { Clock } from '../../model/clock.ts'
import type { DenylistEntry } from '../../model/denylist-entry.ts'
import { fail } from '../../model/error.ts'
import type { Signal } from '../../model/signal.ts'
import { PrefixSet } from '../../net/prefix-set.ts'
import { keepDocuments } from '../keep-documents.ts'
import type { Changes, ListName, StandingAnswer, State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { createAddressFindings } from './address-finding.ts'
import { answerChanges, select, standingOf } from './answer.ts'
import { automate, readCeiling } from './automate.ts'
import { whyOverCeiling } from './decide.ts'
import { addEntries, extendEntry, rescindEntry } from './list-changes.ts'
import { keepPasslist } from './passlist.ts'
import type { AnswerLists, AutomationSettings, Responder, Switches } from './respond.ts'
import { ResponseMemory } from './response-memory.ts'
import { keepOrdinary } from './spare-ordinary.ts'

/** Responses are remembered for as long as a signal can come back. */
const rememberMs = 31 * 86_400_000
/** Refusals that are remembered as said; beyond, the oldest may be said again. */
const maxRefusals = 50_000
/** Entries of one commit. */
const sliceSize = 10_000

export async function createResponder(options: {
  readonly store: Store
  readonly state: State
  readonly lists: AnswerLists
  readonly clock: Clock
  readonly settings: AutomationSettings
  /** As they are set at the moment; absent: as `settings` say, and blocking on. */
  readonly switches?: () => Switches
  /** Disables the WAF rule that a response is. */
  readonly disableRule?: (ruleId: string, author: string) => Promise<unknown>
}): Promise<Responder> {
  const { store, state, lists, clock, settings } = options
  const switches = options.switches ?? (() => ({ automation: settings.enabled, blocking: true }))
  const memory = new ResponseMemory(await state.responses({ sinceMs: clock.nowMs() - rememberMs }))
  const passlist = keepPasslist(state)
  const refusals = new Set<string>()
  const addressFinding = createAddressFindings(store)
  const answers = await keepDocuments(state, 'standingAnswer')
  const standing = (signalId: string): readonly StandingAnswer[] =>
    answers.all().filter((answer) => answer.signalId === signalId)
  const lookedThrough = new Map<string, number>()
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

  const spareOrdinary = keepOrdinary({ store, lists })
  const selectionParts = { store, state, lists, spareOrdinary, trustedProxies, passlist }

  async function signalNamed(id: string): Promise<Signal> {
    const signal = await state.signal(id)
    if (signal === null) throw fail('NOT_FOUND', `signal ${id}`)
    return signal
  }

  async function entryInForce(list: ListName, id: string): Promise<DenylistEntry> {
    const entry = await state.entry(list, id)
    const ended = entry?.expiresAt !== null && Date.parse(entry?.expiresAt ?? '') <= clock.nowMs()
    if (entry === null || entry.rescindedAt !== null || ended) {
      throw fail('NOT_FOUND', `an entry ${id} that is in force`)
    }
    return entry
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
      const parts = { ...selectionParts, clock, settings, switches, memory }
      const changes = await automate({ ...parts, addressFinding, standing, lookedThrough, isNewRefusal }, updates)
      const ended = updates.filter(({ what }) => what === 'closed').flatMap(({ signal }) => standing(signal.id))
      for (const { id } of ended) lookedThrough.delete(id)
      const endings = ended.map(({ id }) => ({ kind: 'standingAnswer', delete: id }) as const)
      return endings.length === 0 ? changes : { ...changes, documents: [...(changes.documents ?? []), ...endings] }
    },

    async whyOverCeiling(users) {
      return whyOverCeiling(await readCeiling({ store, settings, memory }, clock.nowMs()), users)
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

    async select(signalId, selection) {
      return select(selectionParts, await signalNamed(signalId), selection, clock.nowMs())
    },

    async answer(signalId, answer, author) {
      const signal = await signalNamed(signalId)
      const nowMs = clock.nowMs()
      const selected = await select(selectionParts, signal, answer, nowMs)
      const { responses, changes } = answerChanges(signal, { selected, answer, author, nowMs })
      const standingAnswer = standingOf(signal, answer, selected.kind, author, nowMs)
      await commitInSlices({
        ...changes,
        ...(standingAnswer === null ? {} : { documents: [{ kind: 'standingAnswer', put: standingAnswer }] }),
      })
      return { responses, leftOut: selected.leftOut, standing: standingAnswer }
    },

    standing,

    async endStanding(signalId, author) {
      const ended = standing(signalId)
      const at = new Date(clock.nowMs()).toISOString()
      if (ended.length === 0) throw fail('NOT_FOUND', `an answer to signal ${signalId} that goes on`)
      await state.commit({
        documents: ended.map(({ id }) => ({ kind: 'standingAnswer', delete: id })),
        timeline: [{ signalId, at, by: author, kind: 'response_undone', text: 'later arrivals are no longer blocked' }],
        audit: ended.map((before) => ({
          at,
          by: author,
          action: 'signal.end_answer',
          subject: signalId,
          before,
          after: null,
        })),
      })
    },

    async undo(responseId, author) {
      const response = memory.get(responseId)
      if (response === undefined || response.undoneAt !== null) {
        throw fail('NOT_FOUND', `a response ${responseId} that can be undone`)
      }
      if (response.kind === 'notify') throw fail('CONFLICT', 'who was notified cannot be made to forget it')
      const nowMs = clock.nowMs()
      if (response.kind === 'waf_rule') {
        await options.disableRule?.(response.value, author)
        return memory.get(responseId) ?? response
      }
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
