import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import { severities } from '../../model/detection-rule.ts'
import { readOverview } from '../overview.ts'
import type { RemoteConfigServer } from '../remote-config/remote-config.ts'
import type { State } from '../state/state.ts'
import type { Store } from '../store/store.ts'
import { route } from './route.ts'
import { array, count, instant, map, object, point, ref, text, when } from './schema.ts'
import { niceInterval } from './spans.ts'
import { parseRange, printInterval } from './time-range.ts'

interface OverviewParts {
  readonly store: Store
  readonly state: State
  readonly remoteConfig: RemoteConfigServer
  readonly clock: Clock
}

const maxSignals = 1_000
const signalsShown = 20

/** `/api/overview`: the state of things at a glance. */
export function overviewRoutes(server: FastifyInstance, { store, state, remoteConfig, clock }: OverviewParts): void {
  server.get<{ Querystring: { from?: string; to?: string } }>(
    '/api/overview',
    route({
      summary: 'Logins, signals, blocks and tracers at a glance; the last 24 hours unless from and to say otherwise',
      tag: 'explorer',
      query: { from: when, to: when },
      reply: object({
        from: instant,
        to: instant,
        interval: text,
        logins: object({ successes: array(point), failures: array(point), users: count, ips: count }),
        blocked: array(point),
        signals: object({
          open: count,
          bySeverity: map(count),
          compromisedUsers: count,
          recent: array(ref('Signal')),
        }),
        denylist: object({ total: count }),
        passlist: object({ total: count }),
        tracers: object({ connected: count, upToDate: count }),
      }),
    }),
    async ({ query }) => {
      const nowMs = clock.nowMs()
      const range = parseRange(query.from ?? 'now-24h', query.to, nowMs)
      const active = { activeAtMs: nowMs }
      const [overview, open, recent, denied, passed] = await Promise.all([
        readOverview(store, range, niceInterval(range.toMs - range.fromMs)),
        state.signals({ states: ['open', 'under_review'] }, { limit: maxSignals }),
        state.signals(range, { limit: maxSignals }),
        state.countEntries('denylist', active),
        state.countEntries('passlist', active),
      ])
      const tracers = remoteConfig.tracers().filter(({ connected }) => connected)
      return {
        from: new Date(range.fromMs).toISOString(),
        to: new Date(range.toMs).toISOString(),
        interval: printInterval(overview.intervalMs),
        logins: {
          successes: overview.successes,
          failures: overview.failures,
          users: overview.distinctUsers,
          ips: overview.distinctIps,
        },
        blocked: overview.blocked,
        signals: {
          open: open.items.length,
          bySeverity: Object.fromEntries(
            severities.map((severity) => [severity, recent.items.filter((one) => one.severity === severity).length]),
          ),
          compromisedUsers: recent.items.reduce((sum, { compromisedUsers }) => sum + compromisedUsers, 0),
          recent: recent.items.slice(0, signalsShown),
        },
        denylist: { total: denied },
        passlist: { total: passed },
        tracers: { connected: tracers.length, upToDate: tracers.filter(({ upToDate }) => upToDate).length },
      }
    },
  )
}
