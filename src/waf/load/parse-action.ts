import { fail } from '../../model/error.ts'
import type { ActionParameters } from '../../model/waf-event.ts'
import { asObject, asString } from '../cast.ts'
import type { Json } from '../cast.ts'
import type { Action } from '../action.ts'
import { builtInActions } from '../action.ts'
import { isSafeLocation } from '../safe-location.ts'

const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307]
const MAX_STATUS = 999

/** Reads one item of `actions`. Source: spec/waf-rules.md 2.7. */
export function parseAction(item: Json, path: string, warn: (message: string) => void): Action {
  const id = asString(item['id'], `${path}.id`)
  const type = asString(item['type'], `${path}.type`)
  const parameters = parseParameters(asObject(item['parameters'], `${path}.parameters`), path)
  if (type === 'block_request') return { id, type, parameters: blockParameters(parameters) }
  if (type === 'redirect_request') return parseRedirect(id, parameters, path, warn)
  return { id, type, parameters }
}

function parseParameters(given: Json, path: string): ActionParameters {
  const parameters: Record<string, string | number | boolean> = Object.create(null)
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      throw fail('RULESET_INVALID', `${path}.parameters.${name}`, 'a string, number or boolean is expected')
    parameters[name] = value
  }
  return parameters
}

function blockParameters(given: ActionParameters): ActionParameters {
  const defaults = builtInActions.get('block')?.parameters ?? {}
  return {
    ...given,
    status_code: statusOf(given['status_code']) ?? defaults['status_code'] ?? 403,
    type: given['type'] ?? 'auto',
    grpc_status_code: statusOf(given['grpc_status_code']) ?? defaults['grpc_status_code'] ?? 10,
  }
}

/** A redirection leads to a page of this site or to another by http(s); anything else blocks instead, with a warning. */
function parseRedirect(id: string, given: ActionParameters, path: string, warn: (message: string) => void): Action {
  const location = given['location']
  if (typeof location !== 'string' || !isSafeLocation(location)) {
    warn(
      `${path}.parameters.location: a redirection needs an http(s) URL or a path that starts with one "/", with anything beyond ASCII encoded; requests are blocked instead`,
    )
    return { id, type: 'block_request', parameters: blockParameters({}) }
  }
  const status = statusOf(given['status_code'])
  const accepted = status !== undefined && REDIRECT_STATUSES.includes(status)
  if (!accepted && given['status_code'] !== undefined)
    warn(`${path}.parameters.status_code: a redirection has 301, 302, 303 or 307; 303 is used`)
  return { id, type: 'redirect_request', parameters: { ...given, status_code: accepted ? status : 303 } }
}

function statusOf(value: string | number | boolean | undefined): number | undefined {
  const number = typeof value === 'string' && /^\s*\+?\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= MAX_STATUS
    ? number
    : undefined
}
