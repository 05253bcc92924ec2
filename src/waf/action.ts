import type { ActionParameters } from '../model/waf-event.ts'

/** What an action id in `on_match` stands for. */
export interface Action {
  readonly id: string
  readonly type: string
  readonly parameters: ActionParameters
}

/** The actions that every ruleset has; a ruleset may define them anew. Source: spec/waf-rules.md 2.7. */
export const builtInActions: ReadonlyMap<string, Action> = new Map(
  [
    { id: 'block', type: 'block_request', parameters: { status_code: 403, type: 'auto', grpc_status_code: 10 } },
    { id: 'stack_trace', type: 'generate_stack', parameters: {} },
    { id: 'extract_schema', type: 'generate_schema', parameters: {} },
    { id: 'monitor', type: 'monitor', parameters: {} },
  ].map((action) => [action.id, action]),
)

export function isBlocking(action: Action | undefined): boolean {
  return action?.type === 'block_request' || action?.type === 'redirect_request'
}

/** The actions of these ids that are known. */
export function actionsOf(ids: readonly string[], actions: ReadonlyMap<string, Action>): Action[] {
  return ids.flatMap((id) => actions.get(id) ?? [])
}
