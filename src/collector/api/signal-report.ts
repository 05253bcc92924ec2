import type { FastifyInstance } from 'fastify'
import type { SignalLists } from '../detect/signal-lists.ts'
import type { State } from '../state/state.ts'
import { signalStates } from './components.ts'
import { idParams, route } from './route.ts'
import { array, count, instant, number, object, oneOf, orNull, text, textOrNull } from './schema.ts'
import { signalNamed } from './signals.ts'
import { severities } from '../../model/detection-rule.ts'

const valueShares = array(object({ value: text, attempts: count, share: number }))

/** `/api/signals/{id}/report`: the questions of triage, answered in figures (spec/detection.md 1.4). */
export function signalReportRoutes(
  server: FastifyInstance,
  { state, lists }: { readonly state: State; readonly lists: SignalLists },
): void {
  server.get<{ Params: { id: string } }>(
    '/api/signals/:id/report',
    route({
      summary:
        'What triage asks of a signal, in figures: increase, new addresses, outcome, accounts, clients, earlier attacks',
      tag: 'signals',
      params: idParams(),
      reply: object({
        increase: object({ attempts: count, usual: number, factor: orNull(number) }),
        addresses: object({ looked: count, firstSeenNow: count }),
        threatIntelShare: number,
        outcome: object({ failures: count, successes: count, oneIn: orNull(count) }),
        accounts: object({
          targeted: count,
          attemptsEach: number,
          exist: count,
          missing: count,
          unknown: count,
          domains: valueShares,
        }),
        userAgents: valueShares,
        countries: valueShares,
        networks: valueShares,
        series: object({
          intervalMs: count,
          points: {
            type: 'array',
            items: { type: 'array', description: 'start of the interval, attempts, successes' },
          },
        }),
        samples: array(object({ traceId: text, at: instant })),
        related: array(
          object({
            id: text,
            title: text,
            severity: oneOf(...severities),
            state: oneOf(...signalStates),
            firstSeen: instant,
            lastSeen: instant,
            by: oneOf('address', 'cluster'),
            mitigations: array(text),
          }),
        ),
        suggestedSuppression: textOrNull,
      }),
    }),
    async ({ params }) => lists.report(await signalNamed(state, params.id)),
  )
}
