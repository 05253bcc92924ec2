import { call } from '../../api/call.ts'
import { refresh } from '../../api/use-data.ts'
import { toast } from '../../design/toast.tsx'
import type { Settings } from '../../api/shapes.ts'

type SettingsChange = Partial<Settings['own']>

/** Changes settings, and offers what they were. */
export async function changeSettings(change: SettingsChange, says: string, before: SettingsChange): Promise<void> {
  const set = async (wanted: SettingsChange): Promise<void> => {
    await call('PATCH', '/api/settings', wanted)
    await refresh('settings', 'overview', 'mitigations')
  }
  await set(change)
  toast(says, () => set(before))
}
