import { resolve } from 'node:path'
import { fail } from '../model/error.ts'
import { callCollector } from './call-collector.ts'
import { loadConfig, type CollectorOptions } from './config.ts'

interface ListedUser {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly disabledAt: string | null
}

/**
 * Asks the collector that runs on the data directory for a sign-in link: whoever can read that directory may. For the
 * user of this name, or the first administrator; one is made when there is none. Rejects with COLLECTOR_NOT_RUNNING.
 */
export async function requestSignInLink(wanted: {
  readonly options?: CollectorOptions
  readonly configFile?: string | undefined
  readonly user?: string | undefined
}): Promise<{ readonly signInLink: string; readonly expiresAt: string }> {
  const { config } = loadConfig(wanted.options, wanted.configFile)
  const dir = resolve(config.dataDir)
  const call = (method: string, path: string, body?: unknown): Promise<unknown> =>
    callCollector(dir, { method, path, body })

  const { items } = (await call('GET', '/api/users')) as { items: readonly ListedUser[] }
  const user = items.find(({ name, role, disabledAt }) =>
    wanted.user === undefined ? role === 'admin' && disabledAt === null : name === wanted.user,
  )
  if (user === undefined && wanted.user !== undefined) throw fail('NOT_FOUND', `user ${wanted.user}`)
  const reply =
    user === undefined
      ? await call('POST', '/api/users', { name: 'admin', role: 'admin' })
      : await call('POST', `/api/users/${encodeURIComponent(user.id)}/sign-in-link`)
  const { signInLink, expiresAt } = reply as { signInLink: string; expiresAt: string }
  return { signInLink, expiresAt }
}
