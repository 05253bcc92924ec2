import type { AsmFeatures } from '../../model/remote-config.ts'
import type { ServiceSettings } from '../state/state.ts'

/** A configuration of the product ASM_FEATURES, under the id that stands for its content. */
export interface FeatureConfig {
  readonly id: string
  readonly content: AsmFeatures
}

/** What is switched for a service in an environment: its own setting there, else the service's; none where it is left alone. */
export function featuresFor(settings: ServiceSettings | undefined, env: string): readonly FeatureConfig[] {
  if (settings === undefined) return []
  const own = Object.hasOwn(settings.envs ?? {}, env) ? settings.envs?.[env] : undefined
  const { enabled } = own?.appsec ?? settings.appsec
  const mode = own?.autoUserMode === undefined ? (settings.autoUserMode ?? null) : own.autoUserMode
  return [
    ...(enabled === null ? [] : [{ id: enabled ? 'pc-appsec-on' : 'pc-appsec-off', content: { asm: { enabled } } }]),
    ...(mode === null ? [] : [{ id: `pc-auto-user-${mode}`, content: { auto_user_instrum: { mode } } }]),
  ]
}
