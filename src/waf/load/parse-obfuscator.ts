import { asObject, optionalString } from '../cast.ts'
import type { SectionDiagnostics } from '../../model/ruleset.ts'
import { compilePattern } from '../regex.ts'
import type { ObfuscatorOptions } from '../waf.ts'
import { nearest } from './nearest.ts'
import { messageOf, SectionLog } from './section.ts'

/** Names in a configuration, and the options that they set. */
const options = { key_regex: 'keyRegex', value_regex: 'valueRegex' } as const

/**
 * Reads the section `obfuscator` of a configuration, `{key_regex?, value_regex?}` (schema 2.x, spec/waf-rules.md 2.10).
 * A regex that is empty or not RE2 fails, so that a configuration can change what is hidden but never show it all.
 */
export function parseObfuscator(value: unknown): {
  readonly options: ObfuscatorOptions
  readonly diagnostics: SectionDiagnostics
} {
  const log = new SectionLog()
  const read: { keyRegex?: string; valueRegex?: string } = {}
  try {
    const section = asObject(value, 'obfuscator')
    for (const name of Object.keys(section)) {
      if (!Object.hasOwn(options, name)) {
        const near = nearest(name, Object.keys(options))
        log.unknown(
          name,
          `obfuscator: unknown option "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
        )
      }
    }
    for (const [name, option] of Object.entries(options)) {
      const regex = optionalString(section[name], `obfuscator.${name}`)
      if (regex === undefined) continue
      const problem = problemOf(regex)
      if (problem === undefined) {
        read[option] = regex
        log.loaded(name)
      } else {
        log.failed(name, `obfuscator.${name}: ${problem}; what was hidden before stays hidden`)
      }
    }
  } catch (error) {
    log.broken(messageOf(error))
  }
  return { options: read, diagnostics: log.diagnostics() }
}

function problemOf(regex: string): string | undefined {
  if (regex === '') return 'an empty pattern hides nothing'
  try {
    compilePattern(regex)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'not a pattern'
  }
}
