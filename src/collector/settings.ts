import { keepDocuments } from './keep-documents.ts'
import type { AuditEntry, GlobalSettings, State } from './state/state.ts'

/** What is in force: what an administrator set, else what the configuration of the collector says. */
export interface EffectiveSettings {
  /** Whether rules may block by themselves; off: they recommend. */
  readonly automation: boolean
  /** false, the kill switch: nothing is blocked anywhere. */
  readonly blocking: boolean
  readonly retentionDays: number
}

export type SettingsChange = Partial<Omit<GlobalSettings, 'id'>>

/** Settings that are changed while the collector runs, audited. */
export interface Settings {
  current(): EffectiveSettings
  /** What was set by hand; null: left to the configuration. */
  own(): Omit<GlobalSettings, 'id'>
  readonly configured: Omit<EffectiveSettings, 'blocking'>
  change(change: SettingsChange, author: string, at: string): Promise<EffectiveSettings>
  close(): void
}

const untouched: GlobalSettings = { id: 'settings', automation: null, blocking: true, retentionDays: null }

export async function keepSettings(state: State, configured: Settings['configured']): Promise<Settings> {
  const documents = await keepDocuments(state, 'settings')
  const stored = (): GlobalSettings => documents.get('settings') ?? untouched
  const current = (): EffectiveSettings => {
    const { automation, blocking, retentionDays } = stored()
    return {
      automation: automation ?? configured.automation,
      blocking,
      retentionDays: retentionDays ?? configured.retentionDays,
    }
  }
  return {
    current,
    own() {
      const { automation, blocking, retentionDays } = stored()
      return { automation, blocking, retentionDays }
    },
    configured,
    async change(change, author, at) {
      const before = stored()
      const after: GlobalSettings = { ...before, ...change }
      const audit: AuditEntry = { at, by: author, action: 'settings.set', subject: 'settings', before, after }
      await state.commit({ documents: [{ kind: 'settings', put: after }], audit: [audit] })
      return current()
    },
    close: () => documents.end(),
  }
}
