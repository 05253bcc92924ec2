import { randomUUID } from 'node:crypto'
import type { ActionParameters } from '../../model/waf-event.ts'
import type { Action } from '../action.ts'
import { isBlocking } from '../action.ts'

/** Ids that an event carries so that what the client sees can be traced back to it. */
export interface EventIds {
  readonly security_response_id?: string
  readonly stack_id?: string
}

/** The actions of one run by type: one blocking action, a redirection before a block, otherwise the first of its type. */
export class RunActions {
  readonly #byType = new Map<string, ActionParameters>()
  #responseId: string | undefined
  #stackId: string | undefined

  /** Takes the actions of a matched rule and gives the ids that its event carries. */
  add(actions: readonly Action[]): EventIds {
    let ids: EventIds = {}
    for (const action of actions) {
      if (action.type === 'monitor') continue
      if (isBlocking(action)) {
        this.#responseId ??= randomUUID()
        ids = { ...ids, security_response_id: this.#responseId }
        this.#block(action, this.#responseId)
      } else if (action.type === 'generate_stack') {
        this.#stackId ??= randomUUID()
        ids = { ...ids, stack_id: this.#stackId }
        this.#first(action.type, { ...action.parameters, stack_id: this.#stackId })
      } else {
        this.#first(action.type, action.parameters)
      }
    }
    return ids
  }

  toRecord(): Record<string, ActionParameters> {
    return this.#byType.size === 0 ? {} : Object.fromEntries(this.#byType)
  }

  #block(action: Action, responseId: string): void {
    if (this.#byType.has('redirect_request')) return
    if (action.type === 'redirect_request') this.#byType.delete('block_request')
    this.#first(action.type, { ...action.parameters, security_response_id: responseId })
  }

  #first(type: string, parameters: ActionParameters): void {
    if (!this.#byType.has(type)) this.#byType.set(type, parameters)
  }
}
