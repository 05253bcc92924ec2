import type { RulesetDiagnostics, SectionDiagnostics } from '../model/ruleset.ts'

/**
 * Why a configuration is of no use as a whole: something of it failed, and nothing could be loaded. JSON, by section,
 * in the form in which Datadog tracers report it. Undefined where some of it counts, or where it asks for nothing.
 */
export function refusalOf({
  error,
  ruleset_version: _version,
  unknown: _unknown,
  ...sections
}: RulesetDiagnostics): string | undefined {
  if (error !== undefined) return error
  const all: [string, SectionDiagnostics][] = Object.entries(sections)
  const failed = all.filter(([, section]) => section.error !== undefined || section.failed.length > 0)
  if (failed.length === 0 || all.some(([, { loaded }]) => loaded.length > 0)) return undefined
  return JSON.stringify(Object.fromEntries(failed.map(([name, section]) => [name, faultsOf(section)])))
}

function faultsOf({ error, errors, warnings }: SectionDiagnostics): object {
  return error === undefined ? { errors: { ...warnings, ...errors } } : { error }
}
