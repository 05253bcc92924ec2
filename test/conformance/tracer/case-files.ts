import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TracerCase } from './cases/tracer-case.ts'
import { conformanceRules } from './rules.ts'

/** The files that cases name, and the environment of a case with their places filled in. */
export interface CaseFiles {
  readonly rules: string
  fill(environment: TracerCase['environment'], agentPort: number): Record<string, string>
  remove(): void
}

export function writeCaseFiles(): CaseFiles {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-'))
  const rules = join(directory, 'rules.json')
  writeFileSync(rules, JSON.stringify(conformanceRules))
  writeFileSync(join(directory, 'page.html'), '<p>[security_response_id] [security_response_id]</p>')
  writeFileSync(join(directory, 'page.json'), '{"mine":"[security_response_id]"}')
  return {
    rules,
    fill(environment = {}, agentPort) {
      const filled = Object.entries(environment).map(([name, value]) => [
        name,
        value.replace('{directory}', directory).replace('{port}', String(agentPort)),
      ])
      return Object.fromEntries(filled) as Record<string, string>
    },
    remove: () => rmSync(directory, { recursive: true }),
  }
}
