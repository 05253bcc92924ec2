import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../model/clock.ts'
import type { Settings, SettingsChange } from '../settings.ts'
import { requireRole } from './access.ts'
import { route } from './route.ts'
import { count, flag, object, orNull, type Schema } from './schema.ts'

const maxRetentionDays = 3_660

const reply: Schema = object({
  automation: { ...flag, description: 'rules block by themselves; off: they recommend' },
  blocking: { ...flag, description: 'the kill switch: with false nothing is blocked anywhere' },
  retentionDays: count,
  own: {
    ...object({ automation: orNull(flag), blocking: flag, retentionDays: orNull(count) }),
    description: 'what was set here; null: left to the configuration of the collector',
  },
  configured: object({ automation: flag, retentionDays: count }),
})

/** `/api/settings`: the switches for all services: automation, all blocking, retention. */
export function settingsRoutes(
  server: FastifyInstance,
  { settings, clock }: { readonly settings: Settings; readonly clock: Clock },
): void {
  const tag = 'administration'
  const shown = (): object => ({ ...settings.current(), own: settings.own(), configured: settings.configured })

  server.get('/api/settings', route({ summary: 'What is switched on, and since whose word', tag, reply }), async () =>
    shown(),
  )

  server.patch<{ Body: SettingsChange }>(
    '/api/settings',
    route({
      summary:
        'Switch automation (admin), all blocking (responder) or retention (admin); null leaves it to the configuration',
      tag,
      access: 'responder',
      body: {
        ...object(
          {
            automation: orNull(flag),
            blocking: flag,
            retentionDays: orNull({ type: 'integer', minimum: 1, maximum: maxRetentionDays }),
          },
          ['automation', 'blocking', 'retentionDays'],
        ),
        minProperties: 1,
      },
      reply,
    }),
    async ({ body, principal }) => {
      // Who answers attacks may stop all blocking at once; the rest changes how the collector works.
      if (body.automation !== undefined || body.retentionDays !== undefined) requireRole(principal, 'admin')
      await settings.change(body, principal.name, new Date(clock.nowMs()).toISOString())
      return shown()
    },
  )
}
