import type { Changes, ResponseRecord } from '../state/state.ts'

/** Responses of the last weeks, by signal, by entry and by time, as the state has them. */
export class ResponseMemory {
  readonly #byId = new Map<string, ResponseRecord>()
  readonly #bySignal = new Map<string, Map<string, string>>()

  constructor(responses: readonly ResponseRecord[]) {
    for (const response of responses) this.#put(response)
  }

  apply(changes: Changes): void {
    for (const response of changes.responses ?? []) this.#put(response)
  }

  get(id: string): ResponseRecord | undefined {
    return this.#byId.get(id)
  }

  /** The latest response of a signal with this kind and value. */
  of(signalId: string, kind: string, value: string): ResponseRecord | undefined {
    return this.#byId.get(this.#bySignal.get(signalId)?.get(`${kind} ${value}`) ?? '')
  }

  /** Responses that put this entry on the list and were not undone. */
  ofEntry(entryId: string): readonly ResponseRecord[] {
    return [...this.#byId.values()].filter((response) => response.entryId === entryId && response.undoneAt === null)
  }

  /** Users that automation's blocks since `sinceMs` touch. */
  collateralSince(sinceMs: number): number {
    let users = 0
    for (const { by, at, undoneAt, collateralUsers } of this.#byId.values()) {
      if (by === automation && undoneAt === null && Date.parse(at) >= sinceMs) users += collateralUsers
    }
    return users
  }

  /** Forgets responses taken before this time whose end has passed. */
  forgetBefore(ms: number): void {
    for (const response of this.#byId.values()) {
      if (response.until === null || Date.parse(response.until) >= ms) continue
      this.#byId.delete(response.id)
      const ofSignal = this.#bySignal.get(response.signalId)
      ofSignal?.delete(`${response.kind} ${response.value}`)
      if (ofSignal?.size === 0) this.#bySignal.delete(response.signalId)
    }
  }

  #put(response: ResponseRecord): void {
    this.#byId.set(response.id, response)
    const ofSignal = this.#bySignal.get(response.signalId) ?? new Map<string, string>()
    this.#bySignal.set(response.signalId, ofSignal.set(`${response.kind} ${response.value}`, response.id))
  }
}

/** Author of what automation does. */
export const automation = 'automation'
